package hub

import "slices"

// watcher is told when a task moves. It must not block nor call the hub.
type watcher interface{ taskMoved(id string) }

// taskChannel is a watcher for a goroutine that waits.
type taskChannel chan struct{}

func (c taskChannel) taskMoved(string) {
	select {
	case c <- struct{}{}:
	default: // a word that has not been heard yet says the same
	}
}

// WatchTask begins to watch a task. From its return on changed gets a value after each change of the task that is
// hinted at; several changes may share one, and hints may be lost. The caller registers first, reads the task then, and
// looks again now and then. It calls stop, once, when it has seen enough.
func (h *Hub) WatchTask(id string) (changed <-chan struct{}, stop func()) {
	c := make(taskChannel, 1)
	h.watch(id, c)
	return c, func() { h.unwatch(id, c) }
}

func (h *Hub) watch(id string, w watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tasks[id] = append(h.tasks[id], w)
}

func (h *Hub) unwatch(id string, w watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ws := h.tasks[id]
	if i := slices.Index(ws, w); i >= 0 {
		ws = slices.Delete(ws, i, i+1)
	}
	if len(ws) == 0 {
		delete(h.tasks, id)
		return
	}
	h.tasks[id] = ws
}
