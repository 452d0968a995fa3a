package client

import (
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// G5: what comes again is passed over, and nothing else is.
func TestRepeatsAreToldByTheirCursor(t *testing.T) {
	at := func(epoch string, seq int64) lastcall.Cursor { return lastcall.Cursor{Epoch: epoch, Seq: seq} }
	event := func(epoch string, seq int64) frame { return frame{T: "event", at: at(epoch, seq)} }
	gap := func(why lastcall.GapReason, epoch string, seq int64) frame {
		return frame{T: "gap", Why: why, at: at(epoch, seq)}
	}
	type step struct {
		f     frame
		fresh bool
		then  string
	}
	for name, steps := range map[string][]step{
		"in order": {
			{frame{T: "welcome", at: at("a", 3)}, true, "a:3"},
			{event("a", 4), true, "a:4"},
			{event("a", 5), true, "a:5"},
		},
		"a new connection that begins further back": {
			{event("a", 5), true, "a:5"},
			{frame{T: "welcome", at: at("a", 3)}, true, "a:5"},
			{event("a", 4), false, "a:5"},
			{event("a", 5), false, "a:5"},
			{event("a", 6), true, "a:6"},
		},
		"events that have expired": {
			{event("a", 5), true, "a:5"},
			{gap(lastcall.GapExpired, "a", 9), true, "a:9"},
			{event("a", 10), true, "a:10"},
		},
		"events that expired after they were delivered": {
			{event("a", 9), true, "a:9"},
			{gap(lastcall.GapExpired, "a", 7), false, "a:9"},
			{event("a", 8), false, "a:9"},
		},
		"a mailbox that was made anew begins small": {
			{event("a", 9), true, "a:9"},
			{gap(lastcall.GapEpoch, "b", 0), true, "b:0"},
			{event("b", 1), true, "b:1"},
		},
		"a store from a backup goes back": {
			{event("a", 9), true, "a:9"},
			{gap(lastcall.GapAhead, "a", 4), true, "a:4"},
			{event("a", 5), true, "a:5"},
		},
		"what is no event moves nothing": {
			{event("a", 2), true, "a:2"},
			{frame{T: "live", at: at("a", 7)}, true, "a:2"},
			{frame{T: "state"}, true, "a:2"},
		},
	} {
		var p position
		for i, s := range steps {
			if got := p.fresh(&s.f); got != s.fresh || p.resume() != s.then {
				t.Errorf("%s, step %d: fresh %t at %s, want %t at %s", name, i, got, p.resume(), s.fresh, s.then)
			}
		}
	}
	if got := (&position{}).resume(); got != "" {
		t.Errorf("a reader that knows nothing resumes at %q", got)
	}
}
