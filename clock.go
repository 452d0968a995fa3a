package lastcall

import (
	"sync"
	"time"
)

// ClockWatch notices when the wall clock that a store goes by is set, forward or back, as seen from a clock that never is:
// the monotonic one of the process. A lease is a length of time and must not end, or live on for hours, by somebody's hand
// on the clock; what is due at a time of day is due when the clock says so, however it came there. The zero value is ready
// to use, and may be used concurrently.
type ClockWatch struct {
	mu       sync.Mutex
	said, at time.Time     // of the last look
	step     time.Duration // that was not taken in
	by       time.Duration // by how much it is ahead of where it was before it was set forward
	ahead    time.Time     // when it was last set forward; zero once it is back there
}

const (
	// clockStep is by how much a clock has to be off at once to count as set. Less is drift, or how long a look took.
	clockStep = 2 * time.Second
	// clockDoubt is for how long a clock that was set forward is not believed in what cannot be taken back.
	clockDoubt = time.Hour
)

// Look compares what the clock said with when it said so, a time from time.Now. It returns by how much the clock was set
// since the first look, or since what was last taken in, and 0 if it was not.
func (w *ClockWatch) Look(said, at time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.at.IsZero() {
		if off := said.Sub(w.said) - at.Sub(w.at); off >= clockStep || off <= -clockStep {
			w.step += off
			w.doubt(off, at)
		}
	}
	w.said, w.at = said, at
	return w.step
}

// doubt is how far what the clock says is to be doubted after it was set by off: until it is where it was, or has stood for
// long. A small step back, as that of a daemon that mends the rest, takes nothing of a large one forward.
func (w *ClockWatch) doubt(off time.Duration, at time.Time) {
	if !w.doubtful(at) {
		w.by, w.ahead = 0, time.Time{}
	}
	if w.by += off; off > 0 && w.by > 0 {
		w.ahead = at
	}
	if w.by <= 0 {
		w.by, w.ahead = 0, time.Time{}
	}
}

// Took says that all that goes by lengths of time has been moved by so much.
func (w *ClockWatch) Took(step time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.step -= step
}

// Doubtful reports whether nothing is to be deleted for its age: the clock was set forward a short while ago, which may be
// a mistake that somebody is about to mend.
func (w *ClockWatch) Doubtful(at time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.doubtful(at)
}

// doubtful is Doubtful. The mutex is held.
func (w *ClockWatch) doubtful(at time.Time) bool {
	return !w.ahead.IsZero() && at.Sub(w.ahead) < clockDoubt
}
