package cluster_test

import (
	"testing"

	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/load"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// G4, G5, G6, G7: one replica, which is told to stop before anybody is there who could take over, as where a pod is
// deleted. It lingers: it serves and runs as before until the next one is ready, and hands over to it.
func TestOneReplicaIsReplacedAndNobodyNotices(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2, "--drain-linger", "on")
	c.open(0)
	front := c.front()
	people := load.Gather(t, load.Plan{}, front.Addr)
	var r restarts
	const times = 4
	for i := range times {
		old := c.nodes[i%2]
		old.Stop()
		lingers(t, old)
		c.open((i + 1) % 2)
		report := old.Drained()
		if !lab.Passed(report, drain.Linger) {
			t.Errorf("it did not linger: %+v", report)
		}
		r.note(t, report)
		front.Await(1)
	}
	people.Home()
	record.End(t, c.nodes[times%2], people.Log, people.Clients, checker.Expect{Attempts: 1})
	t.Logf("%d restarts: %v\n%v", r.number, &r, people)
}
