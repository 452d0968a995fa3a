package storetest

import (
	"encoding/json"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// node is a node of the deployment that a case plays: a handle, an incarnation, and what a worker does with them.
type node struct {
	f           *fixture
	store       lastcall.Store
	name        string
	incarnation string
}

// longLease is the lease of who lives: one that no busy machine outlasts.
const longLease = time.Hour

// lastLease is the lease that a node asks for with its last breath, so that its death shows soon.
const lastLease = 100 * time.Millisecond

// node joins a node on the case's first handle, with a lease that outlasts the case.
func (f *fixture) node() *node {
	f.Helper()
	return f.join(f.store, "node-a", longLease)
}

// mortal joins a node on a handle of its own, which dies by die.
func (f *fixture) mortal() *node {
	f.Helper()
	return f.join(f.handle(), "mortal", longLease)
}

func (f *fixture) join(store lastcall.Store, name string, lease time.Duration) *node {
	f.Helper()
	inc, err := store.Join(f.ctx, lastcall.NodeInfo{Name: name, Version: "test", Lease: lease})
	f.must(err)
	if inc == "" {
		f.Fatal("a node joined as an incarnation without a name")
	}
	return &node{f: f, store: store, name: name, incarnation: inc}
}

// die ends the node as a SIGKILL does: nothing is said any more. Others sweep until it counts as dead and all that it
// ran has been taken from it.
func (n *node) die() {
	n.f.Helper()
	n.dieUnswept()
	n.f.eventually("the dead node's runs were given back", func() bool {
		gone := !n.alive() // by its lease; found dead it is by a sweep after that
		n.f.sweep()
		return gone && len(n.running()) == 0
	})
}

// dieUnswept ends the node and leaves it to others to find out.
func (n *node) dieUnswept() {
	n.f.Helper()
	_, err := n.store.Beat(n.f.ctx, lastcall.Beat{Incarnation: n.incarnation, Phase: "ready", Lease: lastLease})
	n.f.must(err)
	n.f.must(n.store.Close())
}

// alive reports whether the store, seen from the case's first handle, counts the node among the living.
func (n *node) alive() bool {
	nodes, err := n.f.store.Nodes(n.f.ctx)
	n.f.must(err)
	for _, other := range nodes {
		if other.Incarnation == n.incarnation {
			return other.Alive
		}
	}
	return false
}

// running lists what the node's incarnation runs.
func (n *node) running() []lastcall.Task {
	var own []lastcall.Task
	for _, t := range n.f.list(lastcall.Filter{Status: []lastcall.Status{lastcall.Running}}) {
		if t.Owner == n.incarnation {
			own = append(own, t)
		}
	}
	return own
}

// claim claims at most limit tasks, as many of each type, suspects and all.
func (n *node) claim(limit int, types ...string) []lastcall.Task {
	n.f.Helper()
	want := make([]lastcall.Want, len(types))
	for i, t := range types {
		want[i] = lastcall.Want{Type: t, Max: limit}
	}
	return n.claimWith(lastcall.Claim{Want: want, Max: limit, Suspects: limit})
}

// claimWith claims for the node.
func (n *node) claimWith(c lastcall.Claim) []lastcall.Task {
	n.f.Helper()
	c.Incarnation, c.Node = n.incarnation, n.name
	tasks, err := n.store.Claim(n.f.ctx, c)
	n.f.must(err)
	return tasks
}

// start claims the one task of a type that there must be.
func (n *node) start(typ string) lastcall.Task {
	n.f.Helper()
	tasks := n.claim(2, typ)
	if len(tasks) != 1 {
		n.f.Fatalf("claimed %d tasks of the type %q, want one", len(tasks), typ)
	}
	return tasks[0]
}

// run submits a task and claims it.
func (n *node) run(s lastcall.Submission) lastcall.Task {
	n.f.Helper()
	want := n.f.submitOne(s)
	t := n.start(s.Type)
	if t.ID != want.ID {
		n.f.Fatalf("claimed task %s, want %s", t.ID, want.ID)
	}
	return t
}

// settle records an outcome that must be accepted.
func (n *node) settle(o lastcall.Outcome) lastcall.Task {
	n.f.Helper()
	t, err := n.store.Settle(n.f.ctx, o)
	n.f.must(err)
	return t
}

// settleLost records an outcome that must be refused, as its run is no longer the current one, and must change nothing.
func (n *node) settleLost(o lastcall.Outcome) {
	n.f.Helper()
	before := n.f.task(o.Task)
	_, err := n.store.Settle(n.f.ctx, o)
	n.f.wantCode(err, lastcall.CodeLeaseLost)
	n.f.wantTask(n.f.task(o.Task), before)
}

// The outcomes of a run of t.

func succeed(t lastcall.Task, output string) lastcall.Outcome {
	return lastcall.Outcome{Task: t.ID, Run: t.Run, Verdict: lastcall.Succeed, Output: json.RawMessage(output)}
}

func fail(t lastcall.Task, code string) lastcall.Outcome {
	return lastcall.Outcome{
		Task: t.ID, Run: t.Run, Verdict: lastcall.Fail,
		Error: &lastcall.TaskError{Code: code, Message: "as the test wished"},
	}
}

func failForGood(t lastcall.Task, code string) lastcall.Outcome {
	o := fail(t, code)
	o.Permanent = true
	return o
}

func release(t lastcall.Task) lastcall.Outcome {
	return lastcall.Outcome{Task: t.ID, Run: t.Run, Verdict: lastcall.Release, Reason: lastcall.ReleaseDrain}
}
