package cluster_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/load"
	"github.com/lastcall-dev/lastcall/tests/pg"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// G5, G6: the connections over which nodes hear of each other's doings are ended again and again. Hints are lost, and
// nothing else: nobody notices but by the clock.
func TestHintsThatAreLostCostNobodyAnEvent(t *testing.T) {
	t.Parallel()
	server := pg.Start(t)
	c := newCluster(t, 2)
	c.store = server.Create(t, "deaf")
	c.openAll()
	front := c.front()
	people := load.Gather(t, load.Plan{Callers: 4}, front.Addr)
	conn := server.Connect(t, "deaf")
	defer conn.Close(context.WithoutCancel(t.Context()))
	cut := 0
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); wait(50 * time.Millisecond) {
		var some int
		err := conn.QueryRow(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = 'deaf' AND query ILIKE 'listen%' AND pid <> pg_backend_pid()`).Scan(&some)
		if err != nil {
			t.Fatal(err)
		}
		cut += some
	}
	if cut == 0 {
		t.Fatal("nobody listened")
	}
	people.Home()
	record.End(t, c.nodes[0], people.Log, people.Clients, checker.Expect{Attempts: 1})
	t.Logf("%d connections were ended\n%v", cut, people)
}

// G4, G5, G6: behind PgBouncer in transaction mode nobody can be told of anything, and polls alone must do. The nodes say
// so, and are rolled as others are.
func TestAClusterBehindAPoolerIsRolledToo(t *testing.T) {
	t.Parallel()
	server := pg.Shared(t)
	c := newCluster(t, 2)
	name := databaseName()
	server.Create(t, name)
	c.store = pg.StartPooler(t, server).URL(name)
	c.openAll()
	for _, n := range c.nodes {
		n.Await("it says so", func(l lab.Line) bool { return strings.HasPrefix(l.Msg, "the database is behind a pooler") })
	}
	front := c.front()
	fit()
	people := load.Gather(t, load.Plan{}, front.Addr)
	var r restarts
	for i := range c.nodes {
		r.note(t, c.restart(i))
		front.Await(len(c.nodes))
		fit() // of two the other is the only peer
	}
	people.Home()
	record.End(t, c.nodes[0], people.Log, people.Clients, checker.Expect{Attempts: 1})
	t.Logf("%d restarts: %v\n%v", r.number, &r, people)
}
