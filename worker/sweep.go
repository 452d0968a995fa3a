package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// sweepFirst gives back what the node ran when it died, before anything else is claimed: else a node that restarts would
// fill its slots with what came later, and what was cut short would wait for those (G9). It ends when a sweep has left
// nothing over, and after maxFirst at the latest: a store that is slow to sweep may still be able to give work out.
func (w *Worker) sweepFirst(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, maxFirst)
	defer cancel()
	var pause backoff
	for ctx.Err() == nil {
		if incarnation := w.beginSweep(); incarnation != "" {
			swept, err := w.sweep(ctx, incarnation)
			if err == nil && !swept.More {
				return
			}
			if err == nil {
				continue
			}
		}
		pause.sleep(ctx)
	}
}

// sweepLoop does what time does: at least every Options.SweepEvery, and on the dot when a scheduled task is due. It
// ends with ctx.
func (w *Worker) sweepLoop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(w.untilSweep())
		select {
		case <-ctx.Done():
			return
		case <-w.sweepSoon:
			continue
		case <-timer.C:
		}
		if incarnation := w.beginSweep(); incarnation != "" {
			w.sweep(ctx, incarnation) //nolint:errcheck // the next one, here or elsewhere, does what this one has not
		}
	}
}

// untilSweep is how long to wait.
func (w *Worker) untilSweep() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tempo.hold.After(w.tempo.next) {
		return time.Until(w.tempo.hold)
	}
	return time.Until(w.tempo.next)
}

// beginSweep plans the next sweep and says on whose behalf this one is; "" if there is to be none, as the store is away
// or the node has lost its lease.
func (w *Worker) beginSweep() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.tempo.next = now.Add(jitter(w.o.SweepEvery))
	if w.tempo.away(now, w.o.Lease) || now.Before(w.tempo.hold) {
		return ""
	}
	return w.incarnation
}

// sweep makes one sweep and plans the next by what it has found.
func (w *Worker) sweep(ctx context.Context, incarnation string) (lastcall.Swept, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	began := time.Now()
	swept, err := w.store.Sweep(ctx, lastcall.Sweep{
		Incarnation: incarnation, MaxCrashes: w.o.MaxCrashes,
		KeepTasks: w.o.KeepTasks, KeepEvents: w.o.KeepEvents, Limit: sweepLimit, Steady: w.steadyFor(),
	})
	w.saw(err)
	w.compareClocks(began, swept.Now)
	w.tell(&swept) // what was done is, even if it failed at something else
	if err != nil {
		w.log.Debug("sweep failed", "error", err) // an outage is logged once, by saw
		return swept, fmt.Errorf("sweep: %w", err)
	}
	switch {
	case swept.More:
		w.sweepAt(time.Now())
	case !swept.Next.IsZero(): // the clocks may still differ by as much as a call takes
		w.sweepAt(later(w.ours(swept.Next), time.Now().Add(minSweepGap)))
	}
	return swept, nil
}

// tell says what a sweep has done.
func (w *Worker) tell(swept *lastcall.Swept) {
	if swept.Crashed > 0 {
		w.log.Info("took tasks of the dead back", "tasks", swept.Crashed)
	}
	if swept.Lapsed > 0 {
		w.logLapses(swept.Lapses)
		w.o.Lapsed(swept.Lapsed)
	}
	if swept.Due+swept.Crashed+swept.Lapsed > 0 { // the store's hints say so too, where they arrive
		w.refresh()
		notify(w.wake)
	}
}

// steadyFor is how long workers outside could have renewed their leases here.
func (w *Worker) steadyFor() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tempo.steadyFor(time.Now(), w.o.Lease)
}

// sweepAt brings the next sweep forward, and never puts it off. From here on the time goes by the clock that nobody sets.
func (w *Worker) sweepAt(t time.Time) {
	now := time.Now()
	t = now.Add(t.Sub(now))
	w.mu.Lock()
	sooner := t.Before(w.tempo.next)
	if sooner {
		w.tempo.next = t
	}
	w.mu.Unlock()
	if sooner {
		notify(w.sweepSoon)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
