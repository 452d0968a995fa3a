package storetest

import (
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// announcer is the handle as a lastcall.Announcer; ok is false for a store that is none, of which nothing is asked.
func announcer(s lastcall.Store) (a lastcall.Announcer, ok bool) {
	a, ok = underneath(s).(lastcall.Announcer)
	return a, ok
}

// enter lets the node enter announce, if a peer is fit.
func (n *node) enter(peers ...*node) (bool, error) {
	names := make([]string, len(peers))
	for i, p := range peers {
		names[i] = p.incarnation
	}
	a, _ := announcer(n.store)
	return a.EnterAnnounce(n.f.ctx, n.incarnation, names)
}

// wantEntered fails the case unless the node is, or is not, let in.
func (n *node) wantEntered(want bool, peers ...*node) {
	n.f.Helper()
	entered, err := n.enter(peers...)
	n.f.must(err)
	if phase := n.f.listed(n.incarnation).Phase; entered != want || (phase == lastcall.PhaseAnnounce) != want {
		n.f.Fatalf("entered is %v and the phase %q; with %d peers it should be %v", entered, phase, len(peers), want)
	}
}

// beat is a sign of life in a phase.
func (n *node) beat(phase string) {
	n.f.Helper()
	_, err := n.store.Beat(n.f.ctx, lastcall.Beat{Incarnation: n.incarnation, Phase: phase, Lease: longLease})
	n.f.must(err)
}

// beatUntilFit lets nodes be ready until all are fit to take over.
func (f *fixture) beatUntilFit(nodes ...*node) {
	f.Helper()
	again := time.NewTicker(lastcall.FitWithin / 10)
	defer again.Stop()
	for deadline := time.Now().Add(lastcall.FitAfter + f.patience); ; <-again.C {
		fit := true
		for _, n := range nodes {
			n.beat(lastcall.PhaseReady)
		}
		for _, n := range nodes {
			seen := f.listed(n.incarnation)
			fit = fit && seen.Fit()
		}
		if fit {
			return
		}
		if time.Now().After(deadline) {
			f.Fatalf("%d nodes that beat were not fit in time", len(nodes))
		}
	}
}

// A node goes only when one stays that is fit: there, ready for a while, heard of a moment ago, and not itself.
func announceBesideAPeer(f *fixture) {
	if _, ok := announcer(f.store); !ok {
		return
	}
	n, peer, going, gone := f.node(), f.mortal(), f.mortal(), f.mortal()
	f.beatUntilFit(n, peer, going, gone)
	going.beat("finish")
	f.must(gone.store.Leave(f.ctx, gone.incarnation))
	fresh := f.mortal()
	fresh.beat(lastcall.PhaseReady)
	stranger := &node{f: f, store: f.store, incarnation: "nobody"}
	n.wantEntered(false)
	n.wantEntered(false, n, fresh, going, gone, stranger)
	n.wantEntered(true, fresh, peer)
	if got := f.listed(n.incarnation); got.Settled > got.Quiet+time.Second || got.Fit() || got.Coming() {
		f.Fatalf("a node that has just entered is listed as %+v", got)
	}
	n.beat(lastcall.PhaseReady) // one that was overtaken by the step
	if got := f.listed(n.incarnation); got.Phase != lastcall.PhaseAnnounce {
		f.Fatalf("a node that goes is %s again", got.Phase)
	}
	_, err := gone.enter(peer)
	f.wantCode(err, lastcall.CodeLeaseLost)
	peer.wantEntered(false, n) // which goes already
}

// Two that go down together and count on each other: one of them finds the other no longer ready, and stays.
func announceOneOfTwo(f *fixture) {
	if _, ok := announcer(f.store); !ok {
		return
	}
	const pairs = 8
	stores := []lastcall.Store{f.store, f.handle()}
	var nodes []*node
	for i := range 2 * pairs {
		nodes = append(nodes, f.join(stores[i%2], "pair", longLease))
	}
	f.beatUntilFit(nodes...)
	var entered [pairs]atomic.Int32
	f.together(len(nodes), func(i int) error {
		in, err := nodes[i].enter(nodes[i^1])
		if in {
			entered[i/2].Add(1)
		}
		return err
	})
	for i := range entered {
		if in := entered[i].Load(); in != 1 {
			f.Fatalf("%d of two that count on each other entered", in)
		}
	}
}

// A peer that was killed is no peer from the moment on when it can be known, and that is before its sweep.
func announceBesideTheDead(f *fixture) {
	if _, ok := announcer(f.store); !ok {
		return
	}
	n, m := f.node(), f.mortal()
	f.beatUntilFit(n, m)
	m.dieUnswept()
	f.eventually("the dead peer was no peer any more", func() bool {
		n.beat(lastcall.PhaseReady)
		in, err := n.enter(m)
		f.must(err)
		if in {
			n.beat(lastcall.PhaseReady)
		}
		return !in
	})
}
