package worker

import (
	"context"
	"errors"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// tempo is when to sweep next, and whether the store can be reached. The Worker's mutex guards it.
type tempo struct {
	next   time.Time // of the next sweep
	hold   time.Time // no sweep before: others must have had the time to renew their leases
	heard  time.Time // when the store last answered; before it ever has, since when there is a worker to ask it
	steady time.Time // since when it has answered, later by each short silence since
	pardon time.Time // steadiness counts for nothing before: there was a silence, which others may have yet to make up for
	failed bool      // a call has failed since

	ahead time.Duration // by how much the node's clock is ahead of the store's (clock.go)
}

// away reports whether the store is silent for so long that leases may run out: half of one, as who was heard of a
// moment before has that and more. A call that fails between others that are answered is no outage: held against the
// sweeps, it would keep back all that is due, here and now, for the sake of nobody. Neither is a mere silence, in which
// nothing was asked.
func (t *tempo) away(now time.Time, lease time.Duration) bool {
	return t.failed && now.Sub(t.heard) >= lease/2
}

// steadyFor is how long the store has been within reach of this node, and so of the workers outside that renew their
// leases here. A silence counts whatever its reason: a node that was frozen could not be asked either.
func (t *tempo) steadyFor(now time.Time, lease time.Duration) time.Duration {
	if t.steady.IsZero() || now.Sub(t.heard) >= lease/2 || now.Before(t.pardon) {
		return 0
	}
	return now.Sub(t.steady)
}

// reach takes note that the store has answered, after whatever silence. One as long as a lease begins the steadiness
// anew. A shorter one is no part of it, and for the time of a lease nothing is said of the rest: those who could not renew
// meanwhile do. Were it begun anew each time, a store that is slow now and then would let no long lease run out.
func (t *tempo) reach(now time.Time, lease time.Duration) {
	switch silence := now.Sub(t.heard); {
	case t.steady.IsZero(), silence >= lease:
		t.steady = now
	case silence >= lease/2:
		t.steady, t.pardon = t.steady.Add(silence), now.Add(lease)
	}
	t.heard = now
}

// saw takes note of how the store answered. An outage of the store looks, once it is over, like the death of everyone
// who could not renew a lease meanwhile: so whoever gets it back sweeps nothing for one lease length.
func (w *Worker) saw(err error) {
	if errors.Is(err, context.Canceled) {
		return // the worker gave the call up, which says nothing of the store
	}
	now, reached := time.Now(), answered(err)
	w.mu.Lock()
	t := &w.tempo
	turned, silence, hold := reached == t.failed, now.Sub(t.heard), time.Duration(0)
	if reached {
		if t.away(now, w.o.Lease) {
			hold = w.o.Lease
			t.hold = now.Add(hold)
		}
		t.reach(now, w.o.Lease)
	}
	t.failed = !reached
	w.mu.Unlock()
	switch {
	case turned && reached:
		w.log.Info("the store is back", "silent_for", silence, "no_sweep_for", hold)
	case turned:
		w.log.Warn("the store does not answer", "error", err)
	}
}

// answered reports whether an error, or nil, is the word of a store that works.
func answered(err error) bool {
	code := lastcall.CodeOf(err)
	return code != lastcall.CodeStoreUnavailable && code != lastcall.CodeInternal
}
