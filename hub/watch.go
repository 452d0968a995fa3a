package hub

import (
	"context"
	"errors"
	"slices"

	"github.com/lastcall-dev/lastcall"
)

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

// MaxWatched bounds the tasks that one subscriber watches at a time.
const MaxWatched = 1000

// ErrTooManyWatched is the answer to one more.
var ErrTooManyWatched = errors.New("hub: too many tasks are watched")

// Watch adds tasks, whoever they belong to, to those that the subscriber is told of in Batch.Watched: each as it stands
// and after each change, until it is done. It fails with ErrTooManyWatched, and adds none, past MaxWatched. After Close it
// does nothing.
func (s *Subscriber) Watch(ids []string) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	// The hub comes first: what stands in s.watched may be found done by Next, and taken out of the hub, at any moment.
	for _, id := range ids {
		s.hub.watch(id, s)
	}
	surplus, err := s.adopt(ids)
	for _, id := range surplus {
		s.hub.unwatch(id, s)
	}
	return err
}

// adopt takes up the tasks that are new. It returns those for which the hub has been asked in vain.
func (s *Subscriber) adopt(ids []string) (surplus []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ids, nil
	}
	fresh := make([]string, 0, len(ids))
	for _, id := range ids {
		if _, ok := s.watched[id]; ok {
			surplus = append(surplus, id)
		} else {
			fresh = append(fresh, id)
		}
	}
	if len(s.watched)+len(fresh) > MaxWatched {
		return ids, ErrTooManyWatched
	}
	if s.watched == nil {
		s.watched = make(map[string]bool, len(fresh))
	}
	for _, id := range fresh {
		s.watched[id] = true
	}
	s.waker.Wake()
	return surplus, nil
}

// taskMoved makes Subscriber a watcher.
func (s *Subscriber) taskMoved(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if moved, ok := s.watched[id]; ok && !moved {
		s.watched[id] = true
		s.waker.Wake()
	}
}

// watchedPage is how many watched tasks go into one batch: each may hold megabytes.
const watchedPage = 8

// tasks reads the watched tasks that have moved. Those that it could not read it leaves for the next Next.
func (s *Subscriber) tasks(ctx context.Context, b *Batch, ids []string) error {
	for i, id := range ids {
		t, err := s.task(ctx, id)
		switch {
		case lastcall.CodeOf(err) == lastcall.CodeNotFound:
			b.Unknown = append(b.Unknown, id)
			s.forget(id)
		case err != nil:
			s.unread(ids[i:])
			return err
		default:
			b.Watched = append(b.Watched, t)
			if t.Status.Done() {
				s.forget(id)
			}
		}
	}
	return nil
}

func (s *Subscriber) task(ctx context.Context, id string) (lastcall.Task, error) {
	ctx, cancel := s.hub.call(ctx)
	defer cancel()
	return s.hub.store.Task(ctx, id)
}

// forget ends the watch of a task.
func (s *Subscriber) forget(id string) {
	s.mu.Lock()
	delete(s.watched, id)
	s.mu.Unlock()
	s.hub.unwatch(id, s)
}
