package worker

import "github.com/lastcall-dev/lastcall"

// Moved takes the store's hints: new tasks wake the claims, a cancel ends its run if that is here, and a task that was
// scheduled sets the time of the next sweep. An empty hint, after which anything may have moved, has it look around. It
// never blocks and calls no store, as Store.Watch asks.
func (w *Worker) Moved(hints []lastcall.Hint) {
	news := false
	var canceled []*run
	w.mu.Lock()
	for i := range hints {
		h := &hints[i]
		if *h == (lastcall.Hint{}) {
			w.newWork.ask()
			w.newCancels.ask()
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
		if due := hints[i].Due; !due.IsZero() {
			w.sweepAt(w.ours(due))
		}
	}
}

// What another process does to the store is told by empty hints, as many as it commits. To answer each with a commit of
// our own would have two processes keep each other busy for ever, so there is a pace, and nothing is written for it where
// nothing is to be done: claims that find nothing write nothing, and cancels are asked for only where something runs.
// Sweeps keep their own time.

// lookForWork asks for tasks of every type.
func (w *Worker) lookForWork() {
	w.mu.Lock()
	w.slots.refresh()
	w.mu.Unlock()
	notify(w.wake)
}

// lookForCancels has the next beat come at once: it tells which runs are asked to stop.
func (w *Worker) lookForCancels() {
	if w.inHand() > 0 {
		notify(w.beatNow)
	}
}
