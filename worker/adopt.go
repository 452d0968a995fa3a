package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// doubt is when to look for the tasks of a claim that failed: as soon as the store answers, and once more a lease length
// after the failure, as a claim that was given up by its caller may be committed later.
type doubt struct {
	next, last time.Time
}

func newDoubt(now time.Time, lease time.Duration) doubt {
	return doubt{next: now, last: now.Add(lease)}
}

func (d *doubt) due(now time.Time) bool { return !d.next.IsZero() && !now.Before(d.next) }

// looked plans the next search after one at a time now: soon if that failed, and none after the last.
func (d *doubt) looked(now time.Time, err error, retry time.Duration) {
	switch {
	case err != nil:
		d.next = now.Add(retry)
	case now.Before(d.last):
		d.next = d.last
	default:
		d.next = time.Time{}
	}
}

// adopt looks for tasks that run on behalf of this node without its knowing. A claim whose answer was lost leaves them
// with a node that lives on, so that nobody takes them from it, and does not run them. Only the claim loop calls it, so
// no claim is under way meanwhile: a run of this incarnation that is not in the books is one whose start was never heard
// of.
func (w *Worker) adopt(ctx context.Context) error {
	incarnation := w.beginAdopt()
	if incarnation == "" {
		return nil // what an earlier incarnation had is not lost: the store took it
	}
	defer w.endAdopt()
	ctx, cancel := context.WithTimeout(ctx, callTimeout) // while this goes on nothing is claimed, and a drain waits for it
	defer cancel()
	runs, err := w.store.Runs(ctx, incarnation)
	if err != nil {
		return fmt.Errorf("look for lost claims: %w", err)
	}
	for _, ref := range runs {
		if w.ending() {
			return nil
		}
		if w.knows(ref) {
			continue
		}
		if err := w.adoptOne(ctx, ref, incarnation); err != nil {
			return fmt.Errorf("look for lost claims: %w", err)
		}
	}
	return nil
}

// ending reports whether the node hands back what it runs.
func (w *Worker) ending() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.handingBack
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

// adoptOne reads a run's task, and starts it unless it was settled since the store was asked.
func (w *Worker) adoptOne(ctx context.Context, ref lastcall.RunRef, incarnation string) error {
	t, err := w.store.Task(ctx, ref.Task)
	if err != nil || t.Owner != incarnation || t.Run != ref.Run {
		return err
	}
	w.mu.Lock()
	r := w.admit(t, incarnation)
	w.mu.Unlock()
	w.log.Warn("found a task whose claim was not answered", r.attrs()...)
	w.watchOver([]*run{r})
	return nil
}

// knows reports whether a run is in the books.
func (w *Worker) knows(ref lastcall.RunRef) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.runs[ref] != nil
}
