// Package watch is those who watch a store: lastcall.Store.Watch, for stores that know what they have committed. A store
// publishes its hints after each commit, and each watcher is called from the goroutine that it watches with. Between the
// two, hints are only put down: a watcher that takes its time holds up neither commits nor other watchers, and costs no
// more memory than Buffer hints, as one that is further behind is told once that anything may have moved.
package watch

import (
	"context"
	"sync"

	"github.com/lastcall-dev/lastcall"
)

// Buffer is how many hints wait for a watcher.
const Buffer = 1024

// Watchers are those who want a store's hints. The zero value is ready for use, and its methods may be called
// concurrently.
type Watchers struct {
	mu     sync.Mutex
	all    map[*watcher]struct{}
	closed bool
}

// watcher is one of them. Who publishes adds to what waits and never waits itself.
type watcher struct {
	mu      sync.Mutex
	waiting []lastcall.Hint
	behind  bool          // more than Buffer came: waiting is the one hint that says so
	wake    chan struct{} // holds a value when something waits
	closed  chan struct{} // by Close
}

// Watch calls fn with what is published, until ctx ends; it returns context.Cause(ctx), or CodeStoreUnavailable after
// Close.
func (ws *Watchers) Watch(ctx context.Context, fn func([]lastcall.Hint)) error {
	w, err := ws.add()
	if err != nil {
		return err
	}
	defer ws.remove(w)
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

// Publish hands hints to everybody, in the order of the calls. The slice stays the caller's.
func (ws *Watchers) Publish(hints []lastcall.Hint) {
	if len(hints) == 0 {
		return
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.all {
		w.give(hints)
	}
}

// Any reports whether anybody watches.
func (ws *Watchers) Any() bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	return len(ws.all) > 0
}

// Close ends every Watch, and those to come. It is called once.
func (ws *Watchers) Close() {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	ws.closed = true
	for w := range ws.all {
		close(w.closed)
	}
}

func (ws *Watchers) add() (*watcher, error) {
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

func (ws *Watchers) remove(w *watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.all, w)
}

func (w *watcher) give(hints []lastcall.Hint) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.behind:
	case len(w.waiting)+len(hints) > Buffer:
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

func errClosed() error {
	return lastcall.Errorf(lastcall.CodeStoreUnavailable, "the store is closed")
}
