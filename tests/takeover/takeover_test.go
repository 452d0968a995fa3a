package takeover_test

import (
	"flag"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/load"
	"github.com/lastcall-dev/lastcall/tests/record"
)

var takeovers = flag.Int("takeovers", 20, "how often a process takes over from the other")

// G4, G5, G6, G7: twenty times a new process is started beside the old one and the old one is told to stop, at once when
// the new one serves, while half of the people come through the forwarder and half through HAProxy.
func TestTwentyTakeoversUnderLoadGoUnnoticed(t *testing.T) {
	t.Parallel() // most of its time is waiting
	h := newHouse(t, 2)
	n := h.open()
	c := load.Gather(t, load.Plan{}, forwarder(t, h.addrs), haproxy(t, h.addrs))
	var longest time.Duration
	var moved, finished, served int
	for range *takeovers {
		old := n
		n = h.open()
		begin := time.Now()
		old.Stop()
		r := old.Drained()
		longest = max(longest, time.Since(begin))
		if !lab.Passed(r, drain.Announce) || r.Refused > 0 || r.Tasks.HandedBack+r.Tasks.Fenced > 0 {
			t.Errorf("the drain did not hand over as it should: %+v", r)
		}
		moved, served, finished = moved+r.Clients.HandedOver, served+r.Clients.Served, finished+r.Tasks.Finished
	}
	c.Home()
	record.End(t, n, c.Log, c.Clients, checker.Expect{Attempts: 1})
	n.Stop()
	n.Drained()
	sum := c.Log.Summary()
	t.Logf("%d takeovers, the longest %v; %d streams were handed over, %d had results on the way; "+
		"%d tasks were finished by a node that was told to stop\n%v\n%v",
		*takeovers, longest.Round(time.Millisecond), moved, served, finished, c, &sum)
}
