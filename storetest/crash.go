package storetest

import (
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// What a dead node ran is given back: its attempt is not used up, the crash is counted, and its run is over (G4, G9).
func crashGivesBack(f *fixture) {
	m := f.mortal()
	t := m.run(lastcall.Submission{Type: "a", MaxAttempts: 1, Priority: 3})
	f.must(m.store.Save(f.ctx, lastcall.Note{Task: t.ID, Run: t.Run, Checkpoint: []byte("half")}))
	m.die()
	got := f.wantStatus(t.ID, lastcall.Queued)
	ev := f.wantLast(t, `{"reason":"crash"}`, lastcall.TaskInterrupted)
	want := t
	want.Checkpoint = []byte("half")
	lastcall.Crashed([]*lastcall.Task{&want}, lastcall.DefaultMaxCrashes, ev.At)
	f.wantTask(got, want)
	again := f.node().start("a")
	if again.Run != 2 || again.Attempt != 1 || again.Crashes != 1 || again.Interruptions != 0 || string(again.Checkpoint) != "half" {
		f.Fatalf("after a crash the task runs as %+v", again)
	}
}

func crashTooOften(f *fixture) {
	t := f.submitOne(lastcall.Submission{Type: "a"})
	for range 2 {
		m := f.mortal()
		m.start("a")
		m.die()
		f.wantStatus(t.ID, lastcall.Queued)
	}
	m := f.mortal()
	m.start("a")
	m.die()
	got := f.wantStatus(t.ID, lastcall.Failed)
	if got.Error == nil || got.Error.Code != lastcall.FailureCrashed || got.Crashes != 3 || got.FinishedAt == nil {
		f.Fatalf("a task whose node died three times is stored as %+v", got)
	}
	f.wantEvents(t, lastcall.TaskInterrupted, lastcall.TaskInterrupted, lastcall.TaskFailed)
}

func crashMaxIsTheSweepers(f *fixture) {
	m := f.mortal()
	t := m.run(lastcall.Submission{Type: "a"})
	m.dieUnswept()
	f.eventually("the first crash failed the task", func() bool {
		f.sweepWith(lastcall.Sweep{MaxCrashes: 1, Limit: 10, Steady: lastLease})
		return f.task(t.ID).Status == lastcall.Failed
	})
}

func crashChargesAll(f *fixture) {
	m := f.mortal()
	all := f.submitMany(3, lastcall.Submission{Type: "a"})
	m.claim(3, "a")
	m.die()
	for _, t := range all {
		if got := f.wantStatus(t.ID, lastcall.Queued); got.Crashes != 1 {
			f.Fatalf("nobody was suspected, and a task is charged with %d crashes", got.Crashes)
		}
	}
}

// A task that kills its process cannot drag its neighbors along: with a suspect among them only the suspect is charged,
// however small the sweeper's portions are.
func crashChargesTheSuspect(f *fixture) {
	suspect := f.suspects(1, lastcall.Submission{Type: "killer", Priority: -100})[0]
	neighbors := f.submitMany(25, lastcall.Submission{Type: "a"})
	m := f.mortal()
	if got := m.claim(30, "a", "killer"); len(got) != 26 {
		f.Fatalf("claimed %d tasks, want 26", len(got))
	}
	m.dieUnswept()
	f.eventually("all 26 were given back", func() bool {
		f.sweepWith(lastcall.Sweep{Limit: 10, Steady: lastLease})
		return len(m.running()) == 0
	})
	if got := f.task(suspect.ID); got.Crashes != 2 {
		f.Fatalf("the suspect is charged with %d crashes, want 2", got.Crashes)
	}
	for _, t := range neighbors {
		if got := f.wantStatus(t.ID, lastcall.Queued); got.Crashes != 0 || got.Attempt != 0 {
			f.Fatalf("a neighbor of the suspect is charged: %+v", got)
		}
	}
}

func crashAnyNumber(f *fixture) {
	m := f.mortal()
	const n = 120
	all := f.submitMany(n, lastcall.Submission{Type: "a"})
	m.claim(n, "a")
	m.dieUnswept()
	sum := 0
	f.eventually("all were given back", func() bool {
		sum += f.sweepWith(lastcall.Sweep{Limit: 7, Steady: lastLease}).Crashed
		return len(m.running()) == 0
	})
	if sum != n {
		f.Fatalf("the sweeps counted %d crashed tasks, want %d", sum, n)
	}
	for _, t := range all {
		f.wantEvents(t, lastcall.TaskInterrupted)
	}
}

// A dead node may still be moving its hands: nothing that it says is believed (G3).
func crashSilencesTheDead(f *fixture) {
	m := f.mortal()
	t := m.run(lastcall.Submission{Type: "a"})
	m.die()
	_, err := f.store.Beat(f.ctx, lastcall.Beat{Incarnation: m.incarnation, Lease: longLease})
	f.wantCode(err, lastcall.CodeLeaseLost)
	n := f.node()
	n.settleLost(succeed(t, "1"))
	n.settleLost(release(t))
	f.wantCode(f.store.Save(f.ctx, lastcall.Note{Task: t.ID, Run: t.Run, Checkpoint: []byte("x")}), lastcall.CodeLeaseLost)
	again := n.start("a")
	n.settleLost(succeed(t, "1"))
	f.wantTask(f.task(t.ID), again)
}

func crashSparesTheLiving(f *fixture) {
	n := f.join(f.handle(), "living", longLease)
	t := n.run(lastcall.Submission{Type: "a"})
	for range 3 {
		if did := f.sweep(); did.Crashed != 0 {
			f.Fatalf("a sweep took %d runs from the living", did.Crashed)
		}
	}
	f.wantTask(f.task(t.ID), t)
}

func crashSparesTheBeating(f *fixture) {
	n := f.join(f.handle(), "beating", time.Millisecond)
	t := n.run(lastcall.Submission{Type: "a"})
	_, err := n.store.Beat(f.ctx, lastcall.Beat{Incarnation: n.incarnation, Lease: longLease})
	f.must(err)
	f.clockPasses(20 * time.Millisecond)
	f.sweep()
	f.wantTask(f.task(t.ID), t)
}

// A sweeper whose own lease ran out (it was busy, or the machine slept) is plainly not dead.
func crashSparesTheSweeper(f *fixture) {
	n := f.join(f.store, "sweeper", time.Millisecond)
	t := n.run(lastcall.Submission{Type: "a"})
	f.clockPasses(20 * time.Millisecond)
	f.sweepWith(lastcall.Sweep{Incarnation: n.incarnation, Limit: 10, Steady: lastLease})
	f.wantTask(f.task(t.ID), t)
	_, err := n.store.Beat(f.ctx, lastcall.Beat{Incarnation: n.incarnation, Lease: longLease})
	f.must(err)
}

// Whoever was away itself cannot tell the dead from those who could not renew their leases meanwhile (G4).
func crashBeforeASteadySweeper(f *fixture) {
	const lease = 50 * time.Millisecond
	n := f.join(f.handle(), "late", lease)
	t := n.run(lastcall.Submission{Type: "a"})
	f.clockPasses(2 * lease)
	for _, steady := range []time.Duration{0, lease - time.Microsecond} {
		f.sweepWith(lastcall.Sweep{Limit: 10, Steady: steady})
		f.wantTask(f.task(t.ID), t)
	}
	_, err := n.store.Beat(f.ctx, lastcall.Beat{Incarnation: n.incarnation, Lease: longLease})
	f.must(err)
}

// Every node sweeps. Eight of them at once, on two handles, charge each crash once.
func crashSweptOnce(f *fixture) {
	const n = 40
	m := f.mortal()
	all := f.submitMany(n, lastcall.Submission{Type: "a"})
	m.claim(n, "a")
	m.dieUnswept()
	a, b := f.node(), f.join(f.handle(), "node-b", longLease)
	nodes := []*node{a, b}
	var crashed atomic.Int64
	f.eventually("all were given back", func() bool {
		f.together(8, func(i int) error {
			did, err := nodes[i%2].store.Sweep(f.ctx, lastcall.Sweep{
				Incarnation: nodes[i%2].incarnation, MaxCrashes: 3, KeepTasks: time.Hour, KeepEvents: time.Hour, Limit: 15,
				Steady: lastLease,
			})
			crashed.Add(int64(did.Crashed))
			return err
		})
		return len(m.running()) == 0
	})
	if crashed.Load() != n {
		f.Fatalf("%d crashes were counted, want %d", crashed.Load(), n)
	}
	for _, t := range all {
		if got := f.wantStatus(t.ID, lastcall.Queued); got.Crashes != 1 {
			f.Fatalf("a task is charged with %d crashes, want 1", got.Crashes)
		}
		f.wantEvents(t, lastcall.TaskInterrupted)
	}
}

// Who leaves is not dead: what it still ran goes back uncharged, and what it says later is not believed.
func leaveGivesBack(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a", MaxAttempts: 1})
	f.must(n.store.Leave(f.ctx, n.incarnation))
	got := f.wantStatus(t.ID, lastcall.Queued)
	ev := f.wantLast(t, `{"reason":"drain"}`, lastcall.TaskInterrupted)
	want := t
	want.Reclaim(lastcall.ReleaseDrain, ev.At)
	f.wantTask(got, want)
	if got.Crashes != 0 || got.Attempt != 0 {
		f.Fatalf("a task was charged for an orderly leave: %+v", got)
	}
	n.settleLost(succeed(t, "1"))
	n.settleLost(release(t))
	f.must(n.store.Leave(f.ctx, n.incarnation))
	_, err := f.store.Beat(f.ctx, lastcall.Beat{Incarnation: n.incarnation, Lease: longLease})
	f.wantCode(err, lastcall.CodeLeaseLost)
	f.sweep()
	f.wantEvents(t, lastcall.TaskInterrupted)
}
