package drain

import (
	"testing"
	"time"
)

// A suspended machine wakes up late. The order of things stays, and stopped
// work has what is left, not what it would have had.
func TestWhoWakesUpLateIsShortOfTimeButNotLost(t *testing.T) {
	plan := Plan{Grace: 30 * time.Second}.WithDefaults()
	for slept, stopIn := range map[time.Duration]time.Duration{
		22 * time.Second: 5 * time.Second, // in time
		25 * time.Second: 2 * time.Second,
		28 * time.Second: 0,
		time.Hour:        0,
	} {
		sim := simulate(plan)
		sim.look.Busy = 1
		sim.happenByte(0)
		now := sim.start.Add(slept)
		woken := Step(plan, sim.state, sim.look, now)
		if woken.Phase != HandBack || woken.StopBy.Sub(now) != stopIn {
			t.Errorf("after %v: %s with %v to return, want %v", slept, woken.Phase, woken.StopBy.Sub(now), stopIn)
		}
	}
}

func TestNothingMovesBeforeSomebodyAsks(t *testing.T) {
	plan := Plan{Shared: true, Linger: true}.WithDefaults()
	s := State{Phase: Ready}
	now := time.Now()
	if got := Step(plan, s, Look{Peer: true, Busy: 1}, now.Add(time.Hour)); got != s {
		t.Errorf("%+v", got)
	}
	if due := Due(plan, s, Look{}, now); !due.IsZero() {
		t.Errorf("due %v", due)
	}
}
