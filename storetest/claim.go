package storetest

import (
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

func claimStartsARun(f *fixture) {
	n := f.node()
	t := f.submitOne(full())
	got := n.start("render")
	if got.StartedAt == nil || got.StartedAt.Before(t.CreatedAt) {
		f.Fatalf("started at %v a task created at %v", got.StartedAt, t.CreatedAt)
	}
	want := t
	want.Start(n.incarnation, n.name, *got.StartedAt)
	f.wantTask(got, want)
	f.wantTask(f.task(t.ID), want)
	f.wantEvents(t) // a start is no durable event
}

func claimNothing(f *fixture) {
	n := f.node()
	if got := n.claim(5, "a"); len(got) != 0 {
		f.Fatalf("claimed %v out of nothing", got)
	}
	f.submitOne(lastcall.Submission{Type: "a"})
	for _, c := range []lastcall.Claim{
		{Max: 5},
		{Max: 0, Want: []lastcall.Want{{Type: "a", Max: 5}}},
		{Max: 5, Want: []lastcall.Want{{Type: "a", Max: 0}}},
		{Max: 5, Want: []lastcall.Want{{Type: "b", Max: 5}}},
	} {
		if got := n.claimWith(c); len(got) != 0 {
			f.Fatalf("%+v claimed %v", c, ids(got))
		}
	}
}

// A point of priority is worth 60 s of waiting, so that what has been due for long comes before what is urgent.
func claimByOrderKey(f *fixture) {
	now := f.submitOne(lastcall.Submission{Type: "clock"}).CreatedAt
	first := f.submitOne(lastcall.Submission{Type: "a"})
	urgent := f.submitOne(lastcall.Submission{Type: "a", Priority: 5})
	tardy := f.submitOne(lastcall.Submission{Type: "a", Priority: -1})
	urgentToo := f.submitOne(lastcall.Submission{Type: "a", Priority: 5})
	second := f.submitOne(lastcall.Submission{Type: "a"})
	top := f.submitOne(lastcall.Submission{Type: "a", Priority: lastcall.MaxPriority})
	bottom := f.submitOne(lastcall.Submission{Type: "a", Priority: lastcall.MinPriority})
	if urgent.OrderKey().After(now) {
		f.Fatal("the key of an urgent task is not in the past")
	}
	f.wantIDs(f.node().claim(9, "a"), top, urgent, urgentToo, first, second, tardy, bottom)
}

// A retry stands where its own time puts it, behind what was due before; what is handed back has kept its place.
func claimAfterARetryOrAHandBack(f *fixture) {
	n := f.node()
	retried, handedBack := n.run(lastcall.Submission{Type: "a"}), n.run(lastcall.Submission{Type: "a"})
	before := f.submitOne(lastcall.Submission{Type: "a"})
	n.settle(fail(retried, "x"))
	n.settle(release(handedBack))
	after := f.submitOne(lastcall.Submission{Type: "a"})
	f.eventually("the retry was due", func() bool {
		f.sweep()
		return f.task(retried.ID).Status == lastcall.Queued
	})
	f.wantIDs(n.claim(4, "a"), handedBack, before, retried, after)
}

func claimOneByOne(f *fixture) {
	n := f.node()
	low := f.submitOne(lastcall.Submission{Type: "a", Priority: -1})
	mid := f.submitMany(3, lastcall.Submission{Type: "b"})
	high := f.submitOne(lastcall.Submission{Type: "a", Priority: 1, Queue: "other"})
	for _, want := range []lastcall.Task{high, mid[0], mid[1], mid[2], low} {
		f.wantIDs(n.claim(1, "a", "b"), want)
	}
}

// All tasks of one submit have the same key; their ids decide.
func claimEqualKeysByID(f *fixture) {
	all := f.submitMany(20, lastcall.Submission{Type: "a"})
	n := f.node()
	f.wantIDs(n.claim(7, "a"), all[:7]...)
	f.wantIDs(n.claim(20, "a"), all[7:]...)
}

func claimLimits(f *fixture) {
	n := f.node()
	a := f.submitMany(5, lastcall.Submission{Type: "a"})
	b := f.submitMany(5, lastcall.Submission{Type: "b"})
	c := f.submitMany(5, lastcall.Submission{Type: "c"})
	want := []lastcall.Want{{Type: "a", Max: 2}, {Type: "b", Max: 9}}
	f.wantIDs(n.claimWith(lastcall.Claim{Max: 4, Want: want}), a[0], a[1], b[0], b[1])
	f.wantIDs(n.claimWith(lastcall.Claim{Max: 9, Want: want}), a[2], a[3], b[2], b[3], b[4])
	f.wantIDs(n.claimWith(lastcall.Claim{Max: 9, Want: want}), a[4])
	for _, t := range c {
		f.wantStatus(t.ID, lastcall.Queued)
	}
}

// A thousand older and more urgent tasks of types without a free slot stand in front of the one that can run.
func claimSaturatedTypeHidesNobody(f *fixture) {
	f.submitMany(1000, lastcall.Submission{Type: "saturated", Priority: 50})
	f.submitMany(500, lastcall.Submission{Type: "elsewhere", Priority: 50})
	a := f.submitOne(lastcall.Submission{Type: "a", Priority: -50, Queue: "last"})
	got := f.node().claimWith(lastcall.Claim{Max: 3, Want: []lastcall.Want{{Type: "saturated", Max: 1}, {Type: "a", Max: 5}}})
	if len(got) != 2 || got[0].Type != "saturated" || got[1].ID != a.ID {
		f.Fatalf("claimed %v, want one of the saturated type and %s", ids(got), a.ID)
	}
}

func claimFromEveryQueue(f *fixture) {
	var all []lastcall.Task
	for _, queue := range []string{"z", "a", "A", "Z", "aa", "ä", "é", "e", "日本", "%", "_", "'", "default", "a ", "q10", "q9"} {
		all = append(all, f.submitOne(lastcall.Submission{Type: "a", Queue: queue}))
		f.submitOne(lastcall.Submission{Type: "A", Queue: queue})
	}
	f.wantIDs(f.node().claim(20, "a"), all...)
}

// claimDisjoint lets sixteen claimers on two handles take three hundred tasks: each goes to exactly one of them.
func claimDisjoint(f *fixture) {
	const tasks, claimers = 300, 16
	f.submitMany(tasks, lastcall.Submission{Type: "a"})
	nodes := []*node{f.node(), f.join(f.handle(), "node-b", longLease)}
	var (
		mu    sync.Mutex
		taken = map[string]string{} // task: who has claimed it
	)
	f.together(claimers, func(i int) error {
		n := nodes[i%len(nodes)]
		for {
			got, err := n.store.Claim(f.ctx, lastcall.Claim{
				Incarnation: n.incarnation, Node: n.name, Max: 5, Want: []lastcall.Want{{Type: "a", Max: 5}},
			})
			if err != nil || len(got) == 0 {
				return err
			}
			mu.Lock()
			for _, t := range got {
				if other, twice := taken[t.ID]; twice || t.Run != 1 || t.Owner != n.incarnation {
					f.Errorf("task %s, run %d of %s, was claimed by %s and %s", t.ID, t.Run, t.Owner, other, n.incarnation)
				}
				taken[t.ID] = n.incarnation
			}
			mu.Unlock()
		}
	})
	if len(taken) != tasks {
		f.Fatalf("%d of %d tasks were claimed", len(taken), tasks)
	}
	for id, owner := range taken {
		if t := f.wantStatus(id, lastcall.Running); t.Owner != owner {
			f.Fatalf("task %s belongs to %s, but %s got it", id, t.Owner, owner)
		}
	}
}

// suspects makes n tasks with a crash behind them, and leaves them queued.
func (f *fixture) suspects(n int, s lastcall.Submission) []lastcall.Task {
	f.Helper()
	all := f.submitMany(n, s)
	m := f.mortal()
	if got := m.claim(n, s.Type); len(got) != n {
		f.Fatalf("claimed %d tasks, want %d", len(got), n)
	}
	m.die()
	for _, t := range all {
		if got := f.wantStatus(t.ID, lastcall.Queued); !got.Suspect() {
			f.Fatalf("a task whose node died is no suspect: %+v", got)
		}
	}
	return all
}

func claimSuspects(f *fixture) {
	suspects := f.suspects(12, lastcall.Submission{Type: "a", Priority: 50})
	innocent := f.submitMany(3, lastcall.Submission{Type: "a"})
	n := f.node()
	want := []lastcall.Want{{Type: "a", Max: 4}}
	f.wantIDs(n.claimWith(lastcall.Claim{Max: 4, Want: want, Suspects: 1}), suspects[0], innocent[0], innocent[1], innocent[2])
	if got := n.claimWith(lastcall.Claim{Max: 4, Want: want}); len(got) != 0 {
		f.Fatalf("claimed the suspects %v though there was room for none", ids(got))
	}
	f.wantIDs(n.claimWith(lastcall.Claim{Max: 4, Want: want, Suspects: 3}), suspects[1:4]...)
}

func claimNotBeforeItsTime(f *fixture) {
	f.submitOne(lastcall.Submission{Type: "a", Delay: time.Hour, Priority: 100})
	f.sweep()
	if got := f.node().claim(5, "a"); len(got) != 0 {
		f.Fatalf("claimed a task an hour too early: %v", ids(got))
	}
}

// What has waited too long is not started any more, although no sweep has come by yet.
func claimNoneExpired(f *fixture) {
	gone := f.submitMany(30, lastcall.Submission{Type: "a", ExpiresIn: time.Microsecond, Priority: 1})
	alive := f.submitOne(lastcall.Submission{Type: "a", ExpiresIn: time.Hour})
	n := f.node()
	f.eventually("the one task that has time was claimed", func() bool {
		got := n.claim(2, "a")
		for _, t := range got {
			if t.ID != alive.ID {
				f.Fatalf("claimed the expired task %s", t.ID)
			}
		}
		return len(got) == 1
	})
	f.sweep()
	for _, t := range gone {
		f.wantStatus(t.ID, lastcall.Expired)
	}
}

func claimByTheDead(f *fixture) {
	t := f.submitOne(lastcall.Submission{Type: "a"})
	left, dead := f.node(), f.mortal()
	f.must(left.store.Leave(f.ctx, left.incarnation))
	dead.die()
	for _, n := range []*node{left, dead} {
		_, err := f.store.Claim(f.ctx, lastcall.Claim{Incarnation: n.incarnation, Max: 1, Want: []lastcall.Want{{Type: "a", Max: 1}}})
		f.wantCode(err, lastcall.CodeLeaseLost)
	}
	f.wantTask(f.task(t.ID), t)
}
