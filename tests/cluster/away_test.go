package cluster_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/load"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// G2, G3, G4, G5: under load one of three nodes is away for longer than its lease, and comes back: first it is cut off
// from the database and nobody is told, then one is frozen, then connections are reset. The others take what it ran, it
// does not get in their way when it is back, and nobody's task ends twice or not at all.
func TestANodeThatIsAwayUnderLoadBreaksNoPromise(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, "--max-crashes", "1000") // as in the test of twenty kills
	w, store := newWire(t, c.store)
	c.stores[0] = store
	c.openAll()
	front := c.front()
	people := load.Gather(t, load.Plan{Outage: load.Nodes, Callers: 6}, front.Addr)
	const beyond = lease + 2*time.Second
	for _, away := range []struct {
		what        string
		leave, back func()
	}{
		{"cut off", func() { w.become(silent) }, func() { w.become(whole) }},
		{"frozen", func() { c.nodes[1].Signal(syscall.SIGSTOP) }, func() { c.nodes[1].Signal(syscall.SIGCONT) }},
		{"refused", func() { w.become(reset) }, func() { w.become(whole) }},
	} {
		wait(2 * time.Second)
		met := people.Excused()
		away.leave()
		wait(beyond)
		away.back()
		t.Logf("%s: met by %d requests", away.what, people.Excused()-met)
	}
	wait(2 * time.Second)
	people.Home()
	record.End(t, c.nodes[2], people.Log, people.Clients, checker.Expect{Attempts: 1})
	sum := people.Log.Summary()
	if sum.Crashed == 0 {
		t.Error("nothing ran on a node that was away")
	}
	t.Logf("%v\n%v", people, &sum)
}
