package postgres

import (
	"context"
	"sync"

	"github.com/lastcall-dev/lastcall"
)

// watchBuffer is how many hints wait for a watcher. One that is so far behind is told once that anything may have
// moved, instead of all that did.
const watchBuffer = 1024

// hints are what has moved: to those who watch on this node at once, to the other nodes by the notifier.
type hints struct {
	mu     sync.Mutex
	all    map[*watcher]struct{}
	closed bool
	out    *outbox // to the other nodes (notify.go)
}

// watcher is one of those who watch. Who publishes adds to what waits and never waits itself.
type watcher struct {
	mu      sync.Mutex
	waiting []lastcall.Hint
	behind  bool          // more than watchBuffer came: waiting is the one hint that says so
	wake    chan struct{} // holds a value when something waits
	closed  chan struct{} // by close
}

func newHints() *hints {
	return &hints{all: map[*watcher]struct{}{}, out: newOutbox()}
}

// Watch calls fn with what has moved, from the goroutine that calls Watch. Hints are only put down for it, so that an fn
// that takes its time holds up neither commits nor other watchers.
func (s *Store) Watch(ctx context.Context, fn func([]lastcall.Hint)) error {
	w, err := s.hints.add()
	if err != nil {
		return err
	}
	defer s.hints.remove(w)
	for {
		select {
		case <-w.wake:
			fn(w.take())
		case <-w.closed:
			return errClosed()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// publish tells everybody, here and on the other nodes, what a commit has moved. Whoever commits calls it in the order
// of the commits; the slice is not the caller's any more.
func (h *hints) publish(moved []lastcall.Hint) {
	if len(moved) == 0 {
		return
	}
	h.tell(moved)
	h.out.put(moved)
}

// tell hands hints to those who watch here.
func (h *hints) tell(moved []lastcall.Hint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.all {
		w.give(moved)
	}
}

func (h *hints) add() (*watcher, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errClosed()
	}
	w := &watcher{wake: make(chan struct{}, 1), closed: make(chan struct{})}
	h.all[w] = struct{}{}
	return w, nil
}

func (h *hints) remove(w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.all, w)
}

// close ends every Watch.
func (h *hints) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for w := range h.all {
		close(w.closed)
	}
}

func (w *watcher) give(moved []lastcall.Hint) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.behind:
	case len(w.waiting)+len(moved) > watchBuffer:
		w.waiting, w.behind = []lastcall.Hint{{}}, true
	default:
		w.waiting = append(w.waiting, moved...)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// take empties what waits.
func (w *watcher) take() []lastcall.Hint {
	w.mu.Lock()
	defer w.mu.Unlock()
	moved := w.waiting
	w.waiting, w.behind = nil, false
	return moved
}
