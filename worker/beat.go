package worker

import (
	"context"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// beatLoop renews the lease under which everything here runs, through drains and hand-backs, and makes the node a new
// incarnation when its lease was lost. It ends with ctx.
func (w *Worker) beatLoop(ctx context.Context) {
	timer := time.NewTimer(0) // at once: the store knows no phase of the node yet
	defer timer.Stop()
	var pause backoff
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-w.beatNow:
		}
		timer.Reset(w.o.Beat)
		for !w.beat(ctx) && ctx.Err() == nil {
			pause.sleep(ctx)
		}
		pause = 0
	}
}

// BeatNow tells the store at once how things stand, as peers go by the node's phase.
func (w *Worker) BeatNow() { notify(w.beatNow) }

// beat says once that the node is alive, or joins if it is not. It is false if the store has to be asked again.
func (w *Worker) beat(ctx context.Context) bool {
	incarnation := w.Incarnation()
	if incarnation == "" {
		return w.rejoin(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, w.o.Lease/2)
	defer cancel()
	// Half a lease: a beat that takes longer is better tried again while there is a lease to renew.
	pulse, err := w.store.Beat(ctx, lastcall.Beat{
		Incarnation: incarnation, Phase: w.o.Phase(), Running: w.inHand(),
		Connections: w.o.Connections(), Lease: w.o.Lease,
	})
	w.saw(err)
	switch lastcall.CodeOf(err) {
	case "":
		w.cancelRuns(pulse.Canceled)
		return true
	case lastcall.CodeLeaseLost:
		w.lose(incarnation)
		return false
	default:
		w.log.Debug("beat failed", "error", err) // an outage is logged once, by saw
		return false
	}
}

// rejoin makes the node a new incarnation, unless it is about to end.
func (w *Worker) rejoin(ctx context.Context) bool {
	if w.ending() {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := w.Join(ctx); err != nil {
		w.log.Debug("joining anew failed", "error", err)
		return false
	}
	w.log.Info("joined anew", "incarnation", w.Incarnation())
	return true
}

// lose ends all runs of an incarnation that was declared dead: their tasks belong to others. Until the node has joined
// anew it claims and sweeps nothing. A beat and a claim may both find out, in either order.
func (w *Worker) lose(incarnation string) {
	w.mu.Lock()
	if w.incarnation == incarnation {
		w.incarnation = ""
	}
	lost := w.pick(func(r *run) bool { return r.incarnation == incarnation })
	w.mu.Unlock()
	w.log.Error("lease lost", "incarnation", incarnation, "runs", len(lost))
	endAll(lost, lastcall.ErrLeaseLost)
	notify(w.beatNow)
}

// cancelRuns ends runs whose end was asked for.
func (w *Worker) cancelRuns(refs []lastcall.RunRef) {
	w.mu.Lock()
	var runs []*run
	for _, ref := range refs {
		if r := w.runs[ref]; r != nil {
			runs = append(runs, r)
		}
	}
	w.mu.Unlock()
	endAll(runs, lastcall.ErrCanceled)
}

// pick is the runs that match. The mutex is held.
func (w *Worker) pick(match func(*run) bool) []*run {
	var runs []*run
	for _, r := range w.runs {
		if match(r) {
			runs = append(runs, r)
		}
	}
	return runs
}

// endAll ends the contexts of runs. The mutex is not held: ending a context calls into whatever hangs on it.
func endAll(runs []*run, cause error) {
	for _, r := range runs {
		r.end(cause)
	}
}
