package cluster_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/load"
	"github.com/lastcall-dev/lastcall/tests/pg"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// G1, G2, G4, G5, G10: the database is stopped hard under load and started again, once within a lease and once after all
// leases have run out. Whoever asks meanwhile is told store_unavailable and when to come again; what was acknowledged is
// there; nobody is taken for dead, so nobody is charged with a crash; and every client goes on without a gap.
func TestADatabaseThatIsStoppedHardCostsNobodyACrash(t *testing.T) {
	t.Parallel()
	server := pg.Start(t)
	c := newCluster(t, 3)
	c.store = server.Create(t, "outage")
	c.openAll()
	front := c.front()
	people := load.Gather(t, load.Plan{Outage: load.Store}, front.Addr)
	for _, down := range []time.Duration{time.Second, lease + 3*time.Second} {
		wait(2 * time.Second)
		met := people.Excused()
		server.Stop(t, pg.Immediate)
		wait(down)
		for _, n := range c.nodes {
			unavailable(t, n)
		}
		server.Start(t)
		lab.Until(t, "submits are taken again", func() bool { return c.takes(c.nodes[0]) })
		t.Logf("%d requests met an outage of %v", people.Excused()-met, down)
	}
	wait(2 * time.Second)
	people.Home()
	record.End(t, c.nodes[0], people.Log, people.Clients, checker.Expect{Attempts: 1})
	nobodyCrashed(t, c.nodes[0])
	sum := people.Log.Summary()
	t.Logf("%v\n%v", people, &sum)
}

// unavailable fails the test unless a node refuses a submit for want of its store, as the contract says, in bounded time.
func unavailable(t *testing.T, n *lab.Node) {
	t.Helper()
	begin := time.Now()
	a := n.Do(http.MethodPost, "/v1/tasks", `{"type":"echo","client":"nobody"}`)
	if a.Status != http.StatusServiceUnavailable || a.Code() != lastcall.CodeStoreUnavailable || a.Header.Get("Retry-After") == "" {
		t.Errorf("G10: without a store a submit is answered %d %s, retry after %q", a.Status, a.Body, a.Header.Get("Retry-After"))
	}
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("G10: it took %v to be refused", took)
	}
}

// takes reports whether a node takes a submit, whose task is nobody's on the record.
func (c *cluster) takes(n *lab.Node) bool {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), lab.Patience)
	defer cancel()
	a, err := n.Try(ctx, http.MethodGet, "/v1/queues", "")
	return err == nil && a.Status == http.StatusOK
}

func nobodyCrashed(t *testing.T, n *lab.Node) {
	t.Helper()
	for _, task := range record.Tasks(t, n) {
		if task.Crashes > 0 {
			t.Errorf("G4: %s was charged with %d crashes, and no node has died", task.ID, task.Crashes)
		}
	}
}
