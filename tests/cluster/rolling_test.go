package cluster_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/load"
	"github.com/lastcall-dev/lastcall/tests/record"
)

var (
	rounds   = flag.Int("rounds", 10, "how often every node is restarted, at least")
	requests = flag.Int("requests", 50_000, "how many requests there are meanwhile, at least")
	soak     = flag.Duration("soak", 0, "roll again and again, each time on a new database, until so long has passed")
)

// busy is a crowd of as many requests as a machine of two cores can take, most of them reads: what people do most, and
// what a node that goes away is most easily caught at.
var busy = load.Plan{Callers: 24, Pace: 20 * time.Millisecond, Reads: 85}

// G4, G5, G6, G7: three nodes behind HAProxy are restarted in turn, ten rounds, while people use them. Nobody repeats
// anything, and nobody notices: no request and no handshake fails, every task ends once at its first attempt, and every
// client has every event.
func TestThreeNodesAreRolledAndNobodyNotices(t *testing.T) {
	t.Parallel()
	end := time.Now().Add(*soak)
	for again := true; again; again = !t.Failed() && time.Now().Before(end) {
		roll(t)
	}
}

func roll(t *testing.T) {
	t.Helper()
	c := newCluster(t, 3)
	c.binary = lab.BuildPlain(t, "cmd/lastcall") // what is counted here is requests, and the detector takes half of them
	c.openAll()
	front := c.front()
	fit()
	people := load.Gather(t, busy, front.Addr)
	begin := time.Now()
	var r restarts
	for round := 0; round < *rounds || people.Requests() < *requests; round++ {
		for i := range c.nodes {
			r.note(t, c.restart(i))
			front.Await(len(c.nodes))
		}
	}
	people.Home()
	rolled := time.Since(begin)
	record.End(t, c.nodes[0], people.Log, people.Clients, checker.Expect{Attempts: 1})
	sum := people.Log.Summary()
	t.Logf("%d restarts in %v: %v\n%v\n%v", r.number, rolled.Round(time.Second), &r, people, &sum)
}

// restart tells a node to stop, and starts another in its place when it has ended.
func (c *cluster) restart(i int) *drain.Report {
	c.t.Helper()
	old := c.nodes[i]
	old.Stop()
	r := old.Drained()
	c.open(i)
	return r
}

// restarts is what the drains of nodes came to that had a peer to hand over to.
type restarts struct {
	number, moved, served, finished int
	longest                         time.Duration
}

func (r *restarts) note(t *testing.T, d *drain.Report) {
	t.Helper()
	if !lab.Passed(d, drain.Announce) || d.Refused > 0 || d.Tasks.HandedBack+d.Tasks.Fenced > 0 {
		t.Errorf("the drain did not hand over as it should: %+v", d)
	}
	r.number++
	r.moved += d.Clients.HandedOver
	r.served += d.Clients.Served
	r.finished += d.Tasks.Finished
	took := time.Duration(0)
	for _, p := range d.Phases {
		took += time.Duration(p.MS) * time.Millisecond
	}
	r.longest = max(r.longest, took)
}

func (r *restarts) String() string {
	return fmt.Sprintf("the longest drain took %v; %d streams were handed over, %d had results on the way; "+
		"%d tasks were finished by a node that was told to stop", r.longest, r.moved, r.served, r.finished)
}
