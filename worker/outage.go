package worker

import (
	"time"

	"github.com/lastcall-dev/lastcall"
)

// tempo is when to sweep next, and whether the store can be reached. The Worker's mutex guards it.
type tempo struct {
	next time.Time // of the next sweep
	hold time.Time // no sweep before: others must have had the time to renew their leases
	away bool      // the last word of the store was that it cannot be reached
}

// saw takes note of how the store answered. An outage of the store looks, once it is over, like the death of everyone
// who could not renew a lease meanwhile: so whoever gets it back sweeps nothing for one lease length.
func (w *Worker) saw(err error) {
	reached := answered(err)
	w.mu.Lock()
	turned := reached == w.tempo.away
	if turned && reached {
		w.tempo.hold = time.Now().Add(w.o.Lease)
	}
	w.tempo.away = !reached
	w.mu.Unlock()
	switch {
	case turned && reached:
		w.log.Info("the store is back", "no_sweep_for", w.o.Lease)
	case turned:
		w.log.Warn("the store does not answer", "error", err)
	}
}

// answered reports whether an error, or nil, is the word of a store that works.
func answered(err error) bool {
	code := lastcall.CodeOf(err)
	return code != lastcall.CodeStoreUnavailable && code != lastcall.CodeInternal
}
