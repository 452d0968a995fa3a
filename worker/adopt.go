package worker

import (
	"context"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// doubt is the time after a claim that failed, in which it may turn out that it was committed all the same.
type doubt struct {
	until time.Time
	next  time.Time // to look again
}

func (d doubt) due(now time.Time) bool { return now.Before(d.until) && !now.Before(d.next) }

// adopt looks for tasks that run on behalf of this node without its knowing. A claim whose answer was lost leaves them
// with a node that lives on, so that nobody takes them from it, and does not run them. Only the claim loop calls it, so
// no claim is under way meanwhile: a run of this incarnation that is not in the books is one whose start was never heard
// of.
func (w *Worker) adopt(ctx context.Context) {
	incarnation := w.beginAdopt()
	if incarnation == "" {
		return
	}
	defer w.endAdopt()
	f := lastcall.Filter{Status: []lastcall.Status{lastcall.Running}, Limit: lastcall.DefaultLimits().Page}
	for {
		page, err := w.store.Tasks(ctx, f)
		if err != nil {
			w.log.Debug("looking for lost claims failed", "error", err) // it is looked for again
			return
		}
		for i := range page.Tasks {
			if t := &page.Tasks[i]; t.Owner == incarnation && !w.knows(t) {
				w.adoptOne(ctx, t.ID, incarnation)
			}
		}
		if page.Next == "" {
			return
		}
		f.Before = page.Next
	}
}

// beginAdopt counts the search as a claim under way and says for whom it is; "" if it is not to be.
func (w *Worker) beginAdopt() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.handingBack || w.incarnation == "" {
		return ""
	}
	w.claiming = true
	w.underway++
	return w.incarnation
}

func (w *Worker) endAdopt() {
	w.mu.Lock()
	w.claiming = false
	w.endOne()
	w.mu.Unlock()
	w.o.Changed()
}

// adoptOne reads the task again, as its run may have been settled since the page was read, and starts it.
func (w *Worker) adoptOne(ctx context.Context, id, incarnation string) {
	t, err := w.store.Task(ctx, id)
	if err != nil || t.Status != lastcall.Running || t.Owner != incarnation || w.knows(&t) {
		return
	}
	w.mu.Lock()
	r := w.admit(t, incarnation)
	w.mu.Unlock()
	w.log.Warn("found a task whose claim was not answered", r.attrs()...)
	w.watchOver([]*run{r})
}

// knows reports whether the task's current run is in the books.
func (w *Worker) knows(t *lastcall.Task) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.runs[lastcall.RunRef{Task: t.ID, Run: t.Run}] != nil
}
