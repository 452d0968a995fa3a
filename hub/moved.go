package hub

import "github.com/lastcall-dev/lastcall"

// Moved tells the hub what has moved in the store. It never blocks, so that it may be called by Store.Watch; calling it
// for what did not move does no harm. Of what it is passed nothing is kept but the data of states, which must not be
// changed afterwards. An empty hint says that anything may have moved (a store may know no better, of what another process
// did): then all readers are gone round, faster than otherwise.
func (h *Hub) Moved(hints []lastcall.Hint) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for i := range hints {
		if hints[i] == (lastcall.Hint{}) {
			h.round.ask()
			continue
		}
		h.moved(&hints[i])
	}
}

// moved wants h.mu held for reading.
func (h *Hub) moved(hint *lastcall.Hint) {
	if hint.Task != "" {
		for _, w := range h.tasks[hint.Task] {
			w.taskMoved(hint.Task)
		}
	}
	if hint.Client == "" {
		return
	}
	b := h.boxes[hint.Client]
	if b == nil {
		return
	}
	for _, s := range b.subs {
		if hint.State != nil {
			s.stateMoved(hint.State)
		} else {
			s.mailboxMoved()
		}
	}
}
