package sqlite

import (
	"context"
	"sync"

	"github.com/lastcall-dev/lastcall"
)

// watchBuffer is how many hints wait for a watcher. One that is so far behind is told once that anything may have
// moved, instead of all that did.
const watchBuffer = 1024

// watchers are those who want hints.
type watchers struct {
	mu     sync.Mutex
	all    map[*watcher]struct{}
	closed bool
}

// watcher is one of them. The writer adds to what waits and never waits itself.
type watcher struct {
	mu      sync.Mutex
	waiting []lastcall.Hint
	behind  bool          // more than watchBuffer came: waiting is the one hint that says so
	wake    chan struct{} // holds a value when something waits
	closed  chan struct{} // by close
}

// Watch calls fn with what has moved, from the goroutine that calls Watch. The writer only puts hints down for it, so
// that an fn that takes its time holds up neither commits nor other watchers.
func (s *Store) Watch(ctx context.Context, fn func([]lastcall.Hint)) error {
	w, err := s.writer.watchers.add()
	if err != nil {
		return err
	}
	defer s.writer.watchers.remove(w)
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

func (ws *watchers) add() (*watcher, error) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.closed {
		return nil, errClosed()
	}
	w := &watcher{wake: make(chan struct{}, 1), closed: make(chan struct{})}
	if ws.all == nil {
		ws.all = map[*watcher]struct{}{}
	}
	ws.all[w] = struct{}{}
	return w, nil
}

func (ws *watchers) remove(w *watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.all, w)
}

// any reports whether anybody watches.
func (ws *watchers) any() bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return len(ws.all) > 0
}

// publish hands hints to everybody; the slice is not used any more by the caller.
func (ws *watchers) publish(hints []lastcall.Hint) {
	if len(hints) == 0 {
		return
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.all {
		w.give(hints)
	}
}

// close ends every Watch.
func (ws *watchers) close() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.closed = true
	for w := range ws.all {
		close(w.closed)
	}
}

func (w *watcher) give(hints []lastcall.Hint) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.behind:
	case len(w.waiting)+len(hints) > watchBuffer:
		w.waiting, w.behind = []lastcall.Hint{{}}, true
	default:
		w.waiting = append(w.waiting, hints...)
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
	hints := w.waiting
	w.waiting, w.behind = nil, false
	return hints
}
