package worker

import (
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Moved takes the store's hints: new tasks wake the claims, a cancel ends its run if that is here, and a task that was
// scheduled sets the time of the next sweep. An empty hint, after which anything may have moved, makes it ask for all
// that it asks for from time to time. It never blocks and calls no store, as Store.Watch asks.
func (w *Worker) Moved(hints []lastcall.Hint) {
	news := false
	var canceled []*run
	w.mu.Lock()
	for i := range hints {
		h := &hints[i]
		if *h == (lastcall.Hint{}) {
			w.slots.refresh()
			news = true
			notify(w.beatNow) // which tells of cancels
		}
		if h.Type != "" && w.slots.hint(h.Type) {
			news = true
		}
		if h.Canceled {
			canceled = append(canceled, w.pick(func(r *run) bool { return r.task.ID == h.Task })...)
		}
	}
	w.mu.Unlock()
	if news {
		notify(w.wake)
	}
	endAll(canceled, lastcall.ErrCanceled)
	for i := range hints {
		switch h := &hints[i]; {
		case *h == (lastcall.Hint{}):
			w.sweepAt(time.Now())
		case !h.Due.IsZero():
			w.sweepAt(h.Due)
		}
	}
}
