package lastcall_test

import (
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// What a clock says an hour later, and whether it was set meanwhile.
func TestAClockThatWasSetIsNoticed(t *testing.T) {
	begin := time.Now()
	for _, c := range []struct {
		name string
		set  time.Duration
		step time.Duration
		then bool // it is doubtful at once
	}{
		{name: "as ever", set: 0},
		{name: "drift", set: time.Second},
		{name: "drift back", set: -time.Second},
		{name: "forward", set: 3 * time.Hour, step: 3 * time.Hour, then: true},
		{name: "back", set: -3 * time.Hour, step: -3 * time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w lastcall.ClockWatch
			wall := begin.Round(0).Add(-24 * time.Hour) // a clock of somebody else's may say anything
			if step := w.Look(wall, begin); step != 0 {
				t.Errorf("the first look finds it set by %v", step)
			}
			later := begin.Add(time.Minute)
			if step := w.Look(wall.Add(time.Minute+c.set), later); step != c.step {
				t.Errorf("set by %v, and it finds %v", c.set, step)
			}
			if w.Doubtful(later) != c.then || w.Doubtful(later.Add(time.Hour)) {
				t.Errorf("doubtful: %v, and an hour later %v", w.Doubtful(later), w.Doubtful(later.Add(time.Hour)))
			}
			if step := w.Look(wall.Add(2*time.Minute+c.set), later.Add(time.Minute)); step != c.step {
				t.Errorf("what was not taken in is forgotten: %v", step)
			}
			w.Took(c.step)
			after := later.Add(2 * time.Minute)
			if step := w.Look(wall.Add(3*time.Minute), after); step != -c.step || w.Doubtful(after) != (c.step < 0) {
				t.Errorf("set right again it finds %v", step)
			}
		})
	}
}

// Nothing is deleted for its age while the clock is ahead of where it was, whoever corrects it by a little meanwhile.
func TestAClockThatIsAheadIsDoubtedUntilItIsBack(t *testing.T) {
	begin := time.Now()
	for _, c := range []struct {
		name  string
		steps []time.Duration // a minute apart
		doubt bool
	}{
		{"forward, and back by a little", []time.Duration{30 * 24 * time.Hour, -5 * time.Second}, true},
		{"forward, and back", []time.Duration{3 * time.Hour, -3 * time.Hour}, false},
		{"forward, and back in two steps", []time.Duration{3 * time.Hour, -time.Hour, -2 * time.Hour}, false},
		{"forward, and back by more", []time.Duration{time.Hour, -2 * time.Hour}, false},
		{"back, and forward again", []time.Duration{-time.Hour, time.Hour}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w lastcall.ClockWatch
			wall, at := begin.Round(0), begin
			w.Look(wall, at)
			for _, step := range c.steps {
				wall, at = wall.Add(time.Minute+step), at.Add(time.Minute)
				w.Took(w.Look(wall, at)) // which leaves the doubt
			}
			if w.Doubtful(at) != c.doubt {
				t.Errorf("doubtful: %v, want %v", !c.doubt, c.doubt)
			}
		})
	}
}
