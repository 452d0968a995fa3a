package drain

import (
	"fmt"
	"sync/atomic"
	"time"
)

// watchdog acts at the deadline (G8). It is a timer of the runtime and nothing
// else: no goroutine of the drain and no lock stands between the deadline and
// the exit. Runtime timers follow the monotonic clock, so that setting the wall
// clock neither hastens nor delays it.
type watchdog struct{ timer atomic.Pointer[time.Timer] }

// arm replaces the deadline and what is done at it.
func (w *watchdog) arm(deadline time.Time, bark func()) {
	w.stopOld(w.timer.Swap(time.AfterFunc(time.Until(deadline), bark)))
}

// stop calls the watchdog off.
func (w *watchdog) stop() { w.stopOld(w.timer.Swap(nil)) }

func (w *watchdog) stopOld(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}

// lastWords is how long the exit waits for its own message: a pipe that nobody
// reads must not keep the process.
const lastWords = 100 * time.Millisecond

// watch sets the watchdog to the deadline of the state.
func (r *run) watch() {
	r.dog.arm(r.state.Deadline, func() { r.end(ExitDeadline, "the deadline is reached") })
}

// end leaves the process, with a line on standard error and the report where
// the platform looks for it, if that can be had in a moment.
func (d *Drainer) end(code int, why string) {
	d.code.Store(int32(code))
	said := make(chan struct{})
	go func() { // ends with the process
		defer close(said)
		// The file first: standard error may be what hangs.
		d.writeTermination(d.newReport(time.Now(), d.service.Tally()))
		fmt.Fprintf(d.options.Stderr, "drain: %s in phase %s: exit %d\n", why, d.Phase(), code)
	}()
	moment := time.NewTimer(lastWords)
	defer moment.Stop()
	select {
	case <-said:
	case <-moment.C:
	}
	d.options.Exit(code)
}
