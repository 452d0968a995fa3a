package cluster_test

import (
	"slices"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/load"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// G4, G5, G6: two of three nodes are told to stop at the same moment, under load. Neither takes the other for the one that
// stays: both hand over to the third.
func TestTwoOfThreeAreToldToStopTogether(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	c.openAll()
	front := c.front()
	fit()
	people := load.Gather(t, load.Plan{Callers: 4}, front.Addr)
	c.nodes[0].Stop()
	c.nodes[1].Stop()
	var r restarts
	for _, n := range c.nodes[:2] {
		r.note(t, n.Drained())
	}
	people.Home()
	record.End(t, c.nodes[2], people.Log, people.Clients, checker.Expect{Attempts: 1})
	t.Logf("%v\n%v", &r, people)
}

// G2, G4, G7: all three nodes are told to stop at the same moment, with more queued than runs. Nobody is left to hand over
// to: they work off what waits, the last one to the end, and whoever asked for it has every answer.
func TestOfThreeThatAreToldToStopTogetherTheLastFinishesTheBacklog(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, "--concurrency", "2")
	c.openAll()
	fit()
	var inboxes []*lab.Inbox
	const each = 10
	for i, n := range c.nodes {
		s, _ := n.Connect(c.names[i], "")
		inboxes = append(inboxes, s.Follow(true))
	}
	for i := range each * len(c.nodes) {
		n := i % len(c.nodes)
		c.nodes[n].Sleep(c.names[n], 600*time.Millisecond)
	}
	for _, n := range c.nodes {
		n.Stop()
	}
	for _, n := range c.nodes {
		t.Logf("%s: %+v", n.Addr, n.Drained().Phases)
	}
	clients := slices.Clone(c.names)
	for i, in := range inboxes {
		in.CloseCode()
		t.Logf("%s heard of %d of its tasks before all were gone", clients[i], len(in.Events()))
	}
	n := c.open(0)
	for _, task := range record.Tasks(t, n) {
		if task.Status != lastcall.Succeeded || task.Attempt != 1 || task.Interruptions != 0 {
			t.Errorf("G4: %s is %s at attempt %d after %d interruptions", task.ID, task.Status, task.Attempt, task.Interruptions)
		}
	}
	for _, in := range inboxes {
		rest := n.Resume(in)
		lab.Until(t, "everybody has every answer", func() bool { return len(in.Events())+len(rest.Events()) >= each })
	}
}

// G4, G5, G6: all three nodes are told to stop at the same moment while nobody is there to take over, as where a whole
// deployment is deleted and made anew. Where nodes linger they serve as before until another is ready, and hand over.
func TestThreeThatLingerServeUntilAnotherIsReady(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, "--drain-linger", "on")
	for i := range 3 {
		c.open(i)
	}
	front := c.front()
	fit()
	people := load.Gather(t, load.Plan{Callers: 4}, front.Addr)
	for _, n := range c.nodes[:3] {
		n.Stop()
	}
	for _, n := range c.nodes[:3] {
		lingers(t, n)
	}
	c.open(3)
	var r restarts
	for _, n := range c.nodes[:3] {
		r.note(t, n.Drained())
	}
	people.Home()
	record.End(t, c.nodes[3], people.Log, people.Clients, checker.Expect{Attempts: 1})
	t.Logf("%v\n%v", &r, people)
}

// lingers waits until a node that was told to stop, and has no peer, goes on as before.
func lingers(t *testing.T, n *lab.Node) {
	t.Helper()
	n.AwaitPhase(drain.Linger)
	if a := n.Do("GET", "/readyz", ""); a.Status != 200 {
		t.Errorf("G6: a node that lingers answers /readyz with %d", a.Status)
	}
}
