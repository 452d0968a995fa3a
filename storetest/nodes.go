package storetest

import (
	"slices"
	"time"

	"github.com/lastcall-dev/lastcall"
)

func nodesJoinAnew(f *fixture) {
	other := f.handle()
	seen := map[string]bool{}
	for i := range 10 {
		n := f.join([]lastcall.Store{f.store, other}[i%2], "pod-a", longLease)
		if seen[n.incarnation] {
			f.Fatalf("the incarnation %q joined twice", n.incarnation)
		}
		seen[n.incarnation] = true
	}
}

// listed finds an incarnation in the list of nodes.
func (f *fixture) listed(incarnation string) lastcall.Node {
	f.Helper()
	all, err := f.store.Nodes(f.ctx)
	f.must(err)
	i := slices.IndexFunc(all, func(n lastcall.Node) bool { return n.Incarnation == incarnation })
	if i < 0 {
		f.Fatalf("%q is not among the nodes %+v", incarnation, all)
	}
	return all[i]
}

func nodesAreListed(f *fixture) {
	now := f.submitOne(lastcall.Submission{Type: "clock"}).CreatedAt
	inc, err := f.store.Join(f.ctx, lastcall.NodeInfo{
		Name: "pod-a", Version: "v1.2.3", Types: []string{"render", "日本語"}, Lease: longLease, Address: "10.0.0.1:80",
	})
	f.must(err)
	joined := f.listed(inc)
	if joined.Name != "pod-a" || joined.Version != "v1.2.3" || !slices.Equal(joined.Types, []string{"render", "日本語"}) ||
		!joined.Alive || joined.Since.Before(now) || joined.SeenAt.Before(joined.Since) {
		f.Fatalf("a node that joined is listed as %+v", joined)
	}
	f.clockPasses(time.Millisecond)
	_, err = f.store.Beat(f.ctx, lastcall.Beat{Incarnation: inc, Phase: "finish", Running: 3, Connections: 7, Lease: longLease})
	f.must(err)
	got := f.listed(inc)
	if got.Phase != "finish" || got.Running != 3 || got.Connections != 7 || !got.Alive || !got.Since.Equal(joined.Since) ||
		!got.SeenAt.After(joined.SeenAt) {
		f.Fatalf("a node that beats is listed as %+v", got)
	}
	second := f.join(f.handle(), "pod-b", longLease)
	all, err := f.store.Nodes(f.ctx)
	f.must(err)
	if len(all) != 2 || all[0].Incarnation != second.incarnation {
		f.Fatalf("the nodes are %+v, want two, the newest first", all)
	}
}

// A node whose claim was not answered finds out by this what it has to run.
func nodesAreToldWhatTheyRun(f *fixture) {
	n, other := f.node(), f.node()
	f.wantRuns(n)
	first := n.run(lastcall.Submission{Type: "a"})
	n.settle(release(first))
	first = n.start("a")
	second := n.run(lastcall.Submission{Type: "b"})
	foreign := other.run(lastcall.Submission{Type: "c"})
	f.leaseRun(lastcall.Submission{Type: "d"}, longLease)
	f.submitOne(lastcall.Submission{Type: "e"})
	f.wantRuns(n, first, second)
	n.settle(succeed(first, "1"))
	f.wantRuns(n, second)
	f.wantRuns(other, foreign)
	f.wantRuns(&node{f: f, store: f.store, incarnation: "nobody"})
	f.must(n.store.Leave(f.ctx, n.incarnation))
	f.wantRuns(n)
}

func (f *fixture) wantRuns(n *node, tasks ...lastcall.Task) {
	f.Helper()
	got, err := n.store.Runs(f.ctx, n.incarnation)
	f.must(err)
	want := make([]lastcall.RunRef, len(tasks))
	for i, t := range tasks {
		want[i] = lastcall.RunRef{Task: t.ID, Run: t.Run}
	}
	if !slices.Equal(got, want) {
		f.Fatalf("the node is told to run %v, want %v", got, want)
	}
}

func nodesThatLeft(f *fixture) {
	n := f.node()
	f.must(n.store.Leave(f.ctx, n.incarnation))
	if f.listed(n.incarnation).Alive {
		f.Fatal("a node that left is listed as alive")
	}
}

func nodesThatDied(f *fixture) {
	m := f.mortal()
	if !f.listed(m.incarnation).Alive {
		f.Fatal("a node that joined is not listed as alive")
	}
	m.dieUnswept()
	f.eventually("the dead node was listed as dead", func() bool { return !m.alive() })
}

func nodesThatAreLate(f *fixture) {
	n := f.join(f.store, "late", 10*time.Millisecond)
	f.clockPasses(20 * time.Millisecond)
	if f.listed(n.incarnation).Alive {
		f.Fatal("a node whose lease has run out is listed as alive")
	}
	_, err := n.store.Beat(f.ctx, lastcall.Beat{Incarnation: n.incarnation, Phase: "ready", Lease: longLease})
	f.must(err) // nobody has declared it dead meanwhile
	if !f.listed(n.incarnation).Alive {
		f.Fatal("a node that beats again is not listed as alive")
	}
}

// Peers go by how long a node has been in its phase and how long ago it was heard of, both by the store's clock.
func nodesTellTheirPhase(f *fixture) {
	inc, err := f.store.Join(f.ctx, lastcall.NodeInfo{Name: "pod-a", Lease: longLease, Address: "10.0.0.1:80"})
	f.must(err)
	n := &node{f: f, store: f.store, incarnation: inc}
	const pause = 30 * time.Millisecond
	n.beat(lastcall.PhaseReady)
	f.clockPasses(pause)
	if got := f.listed(inc); got.Address != "10.0.0.1:80" || got.Settled < pause || got.Quiet < pause || got.Settled > got.Quiet+time.Second {
		f.Fatalf("a node that became ready %s ago is listed as %+v", pause, got)
	}
	n.beat(lastcall.PhaseReady)
	f.clockPasses(pause)
	n.beat(lastcall.PhaseReady)
	again := f.listed(inc)
	if again.Settled < 2*pause || again.Quiet > again.Settled-pause {
		f.Fatalf("a node that was ready for %s and has just beaten is listed as %+v", 2*pause, again)
	}
	n.beat("finish")
	if got := f.listed(inc); got.Settled > again.Settled && got.Settled >= 2*pause {
		f.Fatalf("a node that has just changed its phase is listed as %+v", got)
	}
}
