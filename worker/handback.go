package worker

import (
	"context"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// HandedBack counts what became of the runs that a drain cut short.
type HandedBack struct {
	HandedBack int // their handlers returned, and they were released
	Fenced     int // their handlers did not: they were released all the same, and what those still say is not believed
	Unsettled  int // the store could not be told in time: it finds out when the node leaves, or by its lease
}

// EarlyWord closes Draining() of every run, of those too that start later. After it, a task that this node has released
// is not run here again.
func (w *Worker) EarlyWord() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.hadEarlyWord() {
		close(w.early)
	}
}

func (w *Worker) hadEarlyWord() bool {
	select {
	case <-w.early:
		return true
	default:
		return false
	}
}

// HandBack ends every run, and the claims for good. Contexts end with ErrDraining at once. Handlers have their stop
// timeout to return in, and no longer than within; the tasks of those that return with an error are released with
// their checkpoint kept, and those of the others are released in their stead (G4, G8). It returns when the store has
// it all, or when ctx ends, which should leave time for that: a second or two beyond within. Called again, with less
// patience, it cuts the first call's short.
func (w *Worker) HandBack(ctx context.Context, within time.Duration) HandedBack {
	w.EarlyWord() // whoever waits for it alone must not wait for ever
	w.beginHandBack()
	patience := time.NewTimer(within)
	defer patience.Stop()
	select {
	case <-w.quiet:
	case <-patience.C:
	case <-ctx.Done():
	}
	w.cutShort()
	select {
	case <-w.quiet:
	case <-ctx.Done():
		w.dropHands()
	}
	return w.handedBack()
}

func (w *Worker) beginHandBack() {
	w.mu.Lock()
	if !w.handingBack {
		w.handingBack = true
		if w.underway == 0 {
			close(w.quiet)
		}
	}
	all := w.pick(func(*run) bool { return true })
	w.mu.Unlock()
	endAll(all, lastcall.ErrDraining)
}

// cutShort makes every run be given up whose handler has not returned.
func (w *Worker) cutShort() {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.cut:
	default:
		close(w.cut)
	}
}

func (w *Worker) handedBack() HandedBack {
	w.mu.Lock()
	defer w.mu.Unlock()
	return HandedBack{HandedBack: w.counts.handedBack, Fenced: w.counts.fenced, Unsettled: w.counts.unsettled + len(w.runs)}
}
