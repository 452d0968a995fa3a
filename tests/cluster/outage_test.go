package cluster_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/load"
	"github.com/lastcall-dev/lastcall/tests/pg"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// G1, G2, G4, G5, G10: the database goes away under load: stopped hard, for less than a lease and for longer than all
// leases last, and frozen. Whoever asks meanwhile is told store_unavailable and when to come again; what was acknowledged
// is there; nobody is taken for dead, so nobody is charged with a crash, though each time a node starts just then that knows
// of no outage; and every client goes on without a gap. Which node finds the database first is up to chance: package
// storetest has the case that it is the new one.
func TestADatabaseThatGoesAwayCostsNobodyACrash(t *testing.T) {
	t.Parallel()
	server := pg.Start(t)
	c := newCluster(t, 3)
	c.store = server.Create(t, "outage")
	c.openAll()
	front := c.front()
	people := load.Gather(t, load.Plan{Outage: load.Store}, front.Addr)
	hard := func() { server.Stop(t, pg.Immediate) }
	for _, o := range []struct {
		what       string
		begin, end func()
		lasts      time.Duration
	}{
		{"stopped hard, for a moment", hard, func() { server.Start(t) }, time.Second},
		{"stopped hard, beyond the leases", hard, func() { server.Start(t) }, lease + 3*time.Second},
		{"frozen, beyond the leases", func() { server.Pause(t) }, func() { server.Continue(t) }, lease + 3*time.Second},
	} {
		wait(2 * time.Second)
		met, began := people.Excused(), time.Now()
		o.begin()
		c.unavailable(people.Log)
		wait(o.lasts - time.Since(began))
		late := c.launchOneMore()
		o.end()
		lab.Until(t, "there is a database again", func() bool { return c.answers(c.nodes[0]) })
		late.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
		t.Logf("%s: %v, met by %d requests", o.what, time.Since(began).Round(time.Millisecond), people.Excused()-met)
	}
	wait(2 * time.Second)
	people.Home()
	record.End(t, c.nodes[0], people.Log, append(people.Clients, nobody), checker.Expect{Attempts: 1})
	nobodyCrashed(t, c.nodes[0])
	sum := people.Log.Summary()
	t.Logf("%v\n%v", people, &sum)
}

// launchOneMore launches a node at an address of its own, as a platform does that found one dead for want of its store.
func (c *cluster) launchOneMore() *lab.Node {
	c.t.Helper()
	c.addrs = append(c.addrs, "127.0.0.1:"+lab.FreePort(c.t))
	c.nodes, c.names = append(c.nodes, nil), append(c.names, "")
	return c.launch(len(c.addrs) - 1)
}

// nobody is the client of submits that are refused.
const nobody = "nobody"

// unavailable asks every node at once to take a task that it cannot keep. A database that is frozen may still do what it
// was asked before, so that the fate of these is unknown.
func (c *cluster) unavailable(log *checker.Log) {
	c.t.Helper()
	var all sync.WaitGroup
	for _, n := range c.nodes {
		log.SubmitUnknown(checker.Submit{Client: nobody})
		all.Go(func() { unavailable(c.t, n) })
	}
	all.Wait()
}

// unavailable fails the test unless a node refuses a submit for want of its store, as the contract says and in bounded
// time.
func unavailable(t *testing.T, n *lab.Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), lab.Patience)
	defer cancel()
	a, err := n.Try(ctx, http.MethodPost, "/v1/tasks", `{"type":"echo","client":"`+nobody+`"}`)
	if err != nil || a.Status != http.StatusServiceUnavailable || a.Code() != lastcall.CodeStoreUnavailable || a.Header.Get("Retry-After") == "" {
		t.Errorf("G10: without a store a submit is answered %d %s, retry after %q, %v", a.Status, a.Body, a.Header.Get("Retry-After"), err)
	}
}

// answers reports whether a node has its store.
func (c *cluster) answers(n *lab.Node) bool {
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
