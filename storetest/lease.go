package storetest

import (
	"cmp"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// shortLength is that of a lease that is to run out before the eyes of a case.
const shortLength = 20 * time.Millisecond

// lease leases for a worker outside; what is zero in r takes the suite's.
func (f *fixture) lease(r lastcall.LeaseRequest, types ...string) []lastcall.Lease {
	f.Helper()
	for _, typ := range types {
		r.Want = append(r.Want, lastcall.LeaseType{Type: typ})
	}
	r.Max, r.Length, r.Node = cmp.Or(r.Max, 10), cmp.Or(r.Length, time.Hour), cmp.Or(r.Node, "lender")
	leases, err := f.store.Lease(f.ctx, r)
	f.must(err)
	return leases
}

// leaseRun submits a task and leases it for so long.
func (f *fixture) leaseRun(s lastcall.Submission, length time.Duration) lastcall.Lease {
	f.Helper()
	t := f.submitOne(s)
	leases := f.lease(lastcall.LeaseRequest{Length: length}, s.Type)
	f.wantLeased(leases, t)
	return leases[0]
}

// wantLeased fails the case unless these tasks were leased, in this order.
func (f *fixture) wantLeased(got []lastcall.Lease, want ...lastcall.Task) {
	f.Helper()
	tasks := make([]lastcall.Task, len(got))
	for i, l := range got {
		tasks[i] = l.Task
	}
	f.wantIDs(tasks, want...)
}

// renewal is a worker's word on a run that it has leased.
func renewal(l *lastcall.Lease, length time.Duration) lastcall.Renewal {
	return lastcall.Renewal{Note: lastcall.Note{Task: l.Task.ID, Run: l.Task.Run}, Holder: l.Holder, Length: length}
}

// renew renews a lease that must be held.
func (f *fixture) renew(r lastcall.Renewal) lastcall.Lease {
	f.Helper()
	l, err := f.store.Renew(f.ctx, r)
	f.must(err)
	return l
}

// held makes an outcome that of the lease's holder.
func held(l *lastcall.Lease, o lastcall.Outcome) lastcall.Outcome {
	o.Holder = l.Holder
	return o
}

// settleHeld settles what the lease's holder must be able to.
func (f *fixture) settleHeld(l *lastcall.Lease, o lastcall.Outcome) lastcall.Task {
	f.Helper()
	t, err := f.store.Settle(f.ctx, held(l, o))
	f.must(err)
	return t
}

// wantLeaseLost fails the case if any word of the holder is believed, or leaves a trace.
func (f *fixture) wantLeaseLost(l *lastcall.Lease) {
	f.Helper()
	before := f.task(l.Task.ID)
	r := renewal(l, time.Hour)
	r.Checkpoint, r.Progress = []byte("not mine"), &lastcall.Progress{Percent: 99}
	_, err := f.store.Renew(f.ctx, r)
	f.wantCode(err, lastcall.CodeLeaseLost)
	for _, o := range []lastcall.Outcome{succeed(l.Task, `"not mine"`), failForGood(l.Task, "not mine"), release(l.Task)} {
		o.Checkpoint = []byte("not mine")
		_, err := f.store.Settle(f.ctx, held(l, o))
		f.wantCode(err, lastcall.CodeLeaseLost)
	}
	f.wantTask(f.task(l.Task.ID), before)
}

func leaseStartsARun(f *fixture) {
	if got := f.lease(lastcall.LeaseRequest{}, "render", "a"); len(got) != 0 {
		f.Fatalf("leased %d tasks out of nothing", len(got))
	}
	t := f.submitOne(full())
	l := f.lease(lastcall.LeaseRequest{Length: time.Minute, Node: "lender"}, "render")[0]
	want := t
	want.Start(l.Holder, "lender", *l.Task.StartedAt)
	f.wantTask(l.Task, want)
	f.wantTask(f.task(t.ID), want)
	f.wantEvents(t) // a start is no durable event
	if got := l.ExpiresAt.Sub(*l.Task.StartedAt); got != time.Minute {
		f.Fatalf("a lease of a minute ends after %s", got)
	}
	holders := map[string]bool{}
	for _, c := range []struct{ own, types, want time.Duration }{
		{0, 0, lastcall.DefaultTimeout},
		{0, 30 * time.Minute, 30 * time.Minute},
		{10 * time.Minute, 30 * time.Minute, 10 * time.Minute},
	} {
		f.submitOne(lastcall.Submission{Type: "a", Timeout: c.own})
		l := f.lease(lastcall.LeaseRequest{
			Length: 100 * time.Hour, Want: []lastcall.LeaseType{{Type: "a", Timeout: c.types}},
		})[0]
		if got := l.ExpiresAt.Sub(*l.Task.StartedAt); got != c.want {
			f.Fatalf("a task with the timeout %s of a type with %s is leased for %s", c.own, c.types, got)
		}
		if holders[l.Holder] || !l.Task.HeldBy(l.Holder, l.Task.Run) {
			f.Fatalf("the holder of a lease is %q", l.Holder)
		}
		holders[l.Holder] = true
	}
}

func leaseOrderAndLimits(f *fixture) {
	low := f.submitOne(lastcall.Submission{Type: "a", Priority: -1})
	b := f.submitMany(3, lastcall.Submission{Type: "b"})
	high := f.submitOne(lastcall.Submission{Type: "a", Priority: 1, Queue: "other"})
	elsewhere := f.submitOne(lastcall.Submission{Type: "c"})
	f.wantLeased(f.lease(lastcall.LeaseRequest{Max: 2}, "a", "b"), high, b[0])
	again := f.submitOne(lastcall.Submission{Type: "a", Priority: 1, Queue: "other"})
	f.wantLeased(f.lease(lastcall.LeaseRequest{Queues: []string{"none", "other"}}, "a", "b"), again)
	_, err := f.store.PauseQueue(f.ctx, "default", true)
	f.must(err)
	if got := f.lease(lastcall.LeaseRequest{}, "a", "b"); len(got) != 0 {
		f.Fatalf("leased %d tasks of a paused queue", len(got))
	}
	_, err = f.store.PauseQueue(f.ctx, "default", false)
	f.must(err)
	f.submitOne(lastcall.Submission{Type: "a", Priority: 100, ExpiresIn: time.Microsecond})
	f.clockPasses(time.Millisecond)
	f.wantLeased(f.lease(lastcall.LeaseRequest{Queues: []string{"default"}}, "b", "a"), b[1], b[2], low)
	f.wantTask(f.task(elsewhere.ID), elsewhere)
}

// Whoever runs a suspect may die of it, and takes nobody along.
func leaseSuspectAlone(f *fixture) {
	suspects := f.suspects(2, lastcall.Submission{Type: "a"})
	innocent := f.submitMany(2, lastcall.Submission{Type: "a"})
	urgent := f.submitOne(lastcall.Submission{Type: "a", Priority: 5})
	f.wantLeased(f.lease(lastcall.LeaseRequest{Max: 1}, "a"), urgent)
	f.wantLeased(f.lease(lastcall.LeaseRequest{}, "a"), suspects[0])
	urgent = f.submitOne(lastcall.Submission{Type: "b", Priority: 5})
	f.wantLeased(f.lease(lastcall.LeaseRequest{}, "a", "b"), urgent, innocent[0], innocent[1])
	f.wantLeased(f.lease(lastcall.LeaseRequest{}, "a", "b"), suspects[1])
}

func leaseRenewed(f *fixture) {
	l := f.leaseRun(lastcall.Submission{Type: "a", Timeout: time.Hour}, time.Minute)
	r := renewal(&l, 2*time.Minute)
	r.Progress, r.Checkpoint = &lastcall.Progress{Percent: 40, Message: "on"}, []byte("half")
	got := f.renew(r)
	if got.Holder != l.Holder || !got.ExpiresAt.After(l.ExpiresAt.Add(time.Minute-time.Microsecond)) {
		f.Fatalf("a lease until %s was renewed for two minutes until %s", l.ExpiresAt, got.ExpiresAt)
	}
	stored := f.task(l.Task.ID)
	p := stored.Progress
	if p == nil || p.Percent != 40 || p.At.Before(*l.Task.StartedAt) || string(stored.Checkpoint) != "half" ||
		stored.Status != lastcall.Running {
		f.Fatalf("a renewal with progress and a checkpoint left %+v", stored)
	}
	want := stored
	want.Input, want.Checkpoint = nil, nil
	f.wantTask(got.Task, want)
	ends := l.Task.StartedAt.Add(time.Hour)
	if got := f.renew(renewal(&l, 9*time.Hour)); !got.ExpiresAt.Equal(ends) {
		f.Fatalf("a lease was renewed until %s, the attempt ends at %s", got.ExpiresAt, ends)
	}
	before := f.renew(renewal(&l, time.Minute))
	f.cancel(l.Task.ID)
	r.Progress.Percent = 50
	after := f.renew(r)
	if after.Task.CancelRequestedAt == nil || !after.ExpiresAt.Equal(before.ExpiresAt) {
		f.Fatalf("after a cancel a lease until %s was renewed until %s of %+v", before.ExpiresAt, after.ExpiresAt, after.Task)
	}
	if got := f.task(l.Task.ID).Progress; got.Percent != 50 {
		f.Fatalf("the last word of a run that was canceled is %+v", got)
	}
}

func leaseOfAnother(f *fixture) {
	l, other := f.leaseRun(lastcall.Submission{Type: "a"}, time.Hour), f.leaseRun(lastcall.Submission{Type: "a"}, time.Hour)
	for _, holder := range []string{other.Holder, "guessed", "'", "\x00\xff", l.Holder[1:]} {
		stolen := l
		stolen.Holder = holder
		f.wantLeaseLost(&stolen)
	}
	unheld := renewal(&l, time.Hour)
	unheld.Holder = ""
	_, err := f.store.Renew(f.ctx, unheld)
	f.wantCode(err, lastcall.CodeLeaseLost)
	n := f.node()
	ran := n.run(lastcall.Submission{Type: "of a node"})
	f.wantLeaseLost(&lastcall.Lease{Task: ran, Holder: n.incarnation}) // which everyone may know
	f.wantLeaseLost(&lastcall.Lease{Task: ran, Holder: l.Holder})

	f.settleHeld(&l, release(l.Task))
	again := f.lease(lastcall.LeaseRequest{}, "a")[0]
	if again.Task.ID != l.Task.ID || again.Holder == l.Holder {
		f.Fatalf("what %q has released is leased as %+v", l.Holder, again)
	}
	f.wantLeaseLost(&l)
	f.settleHeld(&again, succeed(again.Task, "1"))
	f.wantLeaseLost(&l)
	f.wantToldToItsHolderOnly(func(t lastcall.Task) lastcall.Outcome { return succeed(t, "null") })
	f.wantToldToItsHolderOnly(func(t lastcall.Task) lastcall.Outcome { return failForGood(t, "x") })
	f.wantToldToItsHolderOnly(release)
	for _, id := range unknownIDs {
		_, err := f.store.Renew(f.ctx, lastcall.Renewal{Note: lastcall.Note{Task: id, Run: 1}, Holder: l.Holder, Length: time.Hour})
		f.wantCode(err, lastcall.CodeNotFound)
	}
}

// wantToldToItsHolderOnly fails the case if an outcome that was recorded is answered once more to anybody but its holder.
func (f *fixture) wantToldToItsHolderOnly(o func(lastcall.Task) lastcall.Outcome) {
	f.Helper()
	l := f.leaseRun(lastcall.Submission{Type: "guessed"}, time.Hour)
	first := f.settleHeld(&l, o(l.Task))
	for _, holder := range []string{lastcall.NewHolder(), "made up", l.Holder[1:]} {
		stolen := l
		stolen.Holder = holder
		_, err := f.store.Settle(f.ctx, held(&stolen, o(l.Task)))
		f.wantCode(err, lastcall.CodeLeaseLost)
	}
	f.wantTask(f.settleHeld(&l, o(l.Task)), first)
	f.cancel(l.Task.ID)
}

// The holder decides, not the clock; and an answer may be lost on its way.
func leaseLateButCurrent(f *fixture) {
	for _, o := range []func(lastcall.Task) lastcall.Outcome{
		func(t lastcall.Task) lastcall.Outcome { return succeed(t, `{"a":1}`) },
		func(t lastcall.Task) lastcall.Outcome { return failForGood(t, "x") },
		release,
	} {
		l := f.leaseRun(lastcall.Submission{Type: "a"}, shortLength)
		f.clockPasses(2 * shortLength)
		f.sweepWith(lastcall.Sweep{Limit: 1000, Steady: shortLength - time.Microsecond}) // by one that has just come
		first := f.settleHeld(&l, o(l.Task))
		said := len(f.events(l.Task.Client))
		f.wantTask(f.settleHeld(&l, o(l.Task)), first)
		f.steadySweep() // the lease means nothing any more
		f.wantTask(f.task(l.Task.ID), first)
		if now := len(f.events(l.Task.Client)); now != said {
			f.Fatalf("an outcome told again, and a lease that is over, wrote %d events", now-said)
		}
		f.cancel(l.Task.ID)
	}
	l := f.leaseRun(lastcall.Submission{Type: "a"}, shortLength)
	f.clockPasses(2 * shortLength)
	f.renew(renewal(&l, time.Hour))
	f.steadySweep()
	if t := f.task(l.Task.ID); t.Owner != l.Holder {
		f.Fatalf("a lease that was renewed late is taken: %+v", t)
	}
}

// leaseDisjoint lets workers outside and nodes, on two handles, take three hundred tasks: each goes to one of them.
func leaseDisjoint(f *fixture) {
	const tasks, takers = 300, 16
	f.submitMany(tasks, lastcall.Submission{Type: "a"})
	nodes := []*node{f.node(), f.join(f.handle(), "node-b", longLease)}
	var (
		mu    sync.Mutex
		taken = map[string]string{} // task: who has it
	)
	take := func(n *node, outside bool) (owners map[string]string, err error) {
		owners = map[string]string{}
		if outside {
			leases, err := n.store.Lease(f.ctx, lastcall.LeaseRequest{
				Want: []lastcall.LeaseType{{Type: "a"}}, Max: 5, Length: time.Hour, Node: n.name,
			})
			for _, l := range leases {
				owners[l.Task.ID] = l.Holder
			}
			return owners, err
		}
		claimed, err := n.store.Claim(f.ctx, lastcall.Claim{
			Incarnation: n.incarnation, Node: n.name, Max: 5, Want: []lastcall.Want{{Type: "a", Max: 5}},
		})
		for _, t := range claimed {
			owners[t.ID] = n.incarnation
		}
		return owners, err
	}
	f.together(takers, func(i int) error {
		for {
			got, err := take(nodes[i%2], i%4 < 2)
			if err != nil || len(got) == 0 {
				return err
			}
			mu.Lock()
			for id, owner := range got {
				if other, twice := taken[id]; twice {
					f.Errorf("task %s went to %s and %s", id, other, owner)
				}
				taken[id] = owner
			}
			mu.Unlock()
		}
	})
	if len(taken) != tasks {
		f.Fatalf("%d of %d tasks were taken", len(taken), tasks)
	}
	for id, owner := range taken {
		if t := f.wantStatus(id, lastcall.Running); t.Owner != owner || t.Run != 1 {
			f.Fatalf("task %s, run %d, belongs to %s, but %s got it", id, t.Run, t.Owner, owner)
		}
	}
}

// A lease is the store's word, not the node's: whichever node comes next knows it.
func leaseSurvives(f *fixture) {
	m := f.mortal()
	t := f.submitOne(lastcall.Submission{Type: "a"})
	leases, err := m.store.Lease(f.ctx, lastcall.LeaseRequest{
		Want: []lastcall.LeaseType{{Type: "a"}}, Max: 1, Length: time.Hour, Node: m.name,
	})
	f.must(err)
	f.wantLeased(leases, t)
	l := leases[0]
	m.run(lastcall.Submission{Type: "its own"})
	m.die()
	f.wantTask(f.task(t.ID), l.Task)
	f.steadySweep()
	f.wantTask(f.task(t.ID), l.Task)
	f.must(f.store.Close())
	f.store, f.janitor = f.handle(), nil
	f.steadySweep()
	f.renew(renewal(&l, time.Hour))
	f.settleHeld(&l, succeed(l.Task, `"done"`))
	f.wantStatus(t.ID, lastcall.Succeeded)
	f.wantEvents(t, lastcall.TaskSucceeded)
}
