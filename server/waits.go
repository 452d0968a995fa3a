package server

import "sync"

// waits is what calls that wait go by: whether they are to be answered with what there is.
type waits struct {
	mu    sync.Mutex
	end   chan struct{} // closed when they are
	ended bool
}

func newWaits() *waits { return &waits{end: make(chan struct{})} }

// ends is closed when calls that wait now are to be answered.
func (w *waits) ends() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.end
}

// set has calls that wait answered, or lets those that come from now on wait again.
func (w *waits) set(ended bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case ended && !w.ended:
		close(w.end)
	case !ended && w.ended:
		w.end = make(chan struct{})
	}
	w.ended = ended
}
