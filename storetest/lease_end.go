package storetest

import (
	"slices"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// steadySweep sweeps as one that has been there for ever.
func (f *fixture) steadySweep() lastcall.Swept {
	f.Helper()
	return f.sweepWith(lastcall.Sweep{Limit: 1000, Steady: 24 * time.Hour})
}

// lapse sweeps until a lease has run out, and returns its task.
func (f *fixture) lapse(l *lastcall.Lease) lastcall.Task {
	f.Helper()
	n, named := 0, []lastcall.Lapse(nil)
	f.eventually("the lease has run out", func() bool {
		did := f.steadySweep()
		n, named = n+did.Lapsed, append(named, did.Lapses...)
		t := f.task(l.Task.ID)
		return t.Owner != l.Holder
	})
	want := []lastcall.Lapse{{Task: l.Task.ID, Run: l.Task.Run, Worker: l.Task.Node}}
	if n != 1 || !slices.Equal(named, want) {
		f.Fatalf("the sweeps counted %d leases that have run out, and named %v, want one of %v", n, named, want)
	}
	return f.task(l.Task.ID)
}

func leaseRunsOut(f *fixture) {
	t := f.submitOne(lastcall.Submission{Type: "a", MaxAttempts: 1})
	neighbor := f.leaseRun(lastcall.Submission{Type: "neighbor"}, time.Hour)
	for i, want := range []lastcall.Status{lastcall.Queued, lastcall.Queued, lastcall.Failed} {
		l := f.lease(lastcall.LeaseRequest{Length: shortLength}, "a")[0]
		r := renewal(&l, shortLength)
		r.Checkpoint = []byte("half")
		f.renew(r)
		got := f.lapse(&l)
		model := l.Task
		model.Checkpoint = []byte("half")
		model.LeaseEnded(false, lastcall.DefaultMaxCrashes, 0, f.events(t.Client)[i].At)
		f.wantTask(got, model)
		if got.Status != want || got.Crashes != i+1 || got.Attempt != i/2 {
			f.Fatalf("after %d leases that ran out the task is %+v", i+1, got)
		}
		f.wantLeaseLost(&l)
	}
	f.wantEvents(t, lastcall.TaskInterrupted, lastcall.TaskInterrupted, lastcall.TaskFailed)
	f.wantTask(f.task(neighbor.Task.ID), neighbor.Task)

	l := f.leaseRun(lastcall.Submission{Type: "canceled", Client: "bob"}, shortLength)
	f.cancel(l.Task.ID)
	if got := f.lapse(&l); got.Status != lastcall.Canceled || got.Crashes != 1 {
		f.Fatalf("a lease that ran out after a cancel left %+v", got)
	}
	l = f.leaseRun(lastcall.Submission{Type: "slow", Client: "carol", Timeout: shortLength}, time.Hour)
	// Its wait is a random part of a second, which may be over before anybody looks.
	if got := f.lapse(&l); !slices.Contains([]lastcall.Status{lastcall.Scheduled, lastcall.Queued}, got.Status) ||
		got.Crashes != 0 || got.Attempt != 1 || got.Error == nil || got.Error.Code != lastcall.FailureTimeout {
		f.Fatalf("an attempt that took all its time left %+v", got)
	}
	f.wantEvents(l.Task, lastcall.TaskRetrying)
	f.leaseOfAnEarlierRun()
	last := f.leaseRun(lastcall.Submission{Type: "last", Client: "dan", Timeout: shortLength, MaxAttempts: 1}, time.Hour)
	f.lapse(&last)
	f.wantStatus(last.Task.ID, lastcall.Failed)
}

// leaseOfAnEarlierRun lets a lease run out whose run was ended by somebody who did not show the holder. The run that
// follows it is another's.
func (f *fixture) leaseOfAnEarlierRun() {
	f.Helper()
	l := f.leaseRun(lastcall.Submission{Type: "again", Client: "erin"}, shortLength)
	_, err := f.store.Settle(f.ctx, release(l.Task))
	f.must(err)
	next := f.lease(lastcall.LeaseRequest{}, "again")[0]
	f.clockPasses(2 * shortLength)
	if did := f.steadySweep(); did.Lapsed != 0 {
		f.Fatalf("a lease of an earlier run was counted: %+v", did)
	}
	f.wantTask(f.task(l.Task.ID), next.Task)
}

// Nobody loses a lease for want of a node to renew it with.
func leaseBeforeASteadySweeper(f *fixture) {
	const length = 200 * time.Millisecond
	l := f.leaseRun(lastcall.Submission{Type: "a"}, length)
	short := f.leaseRun(lastcall.Submission{Type: "a"}, shortLength)
	f.clockPasses(2 * length)
	for _, steady := range []time.Duration{0, shortLength - time.Microsecond} {
		f.sweepWith(lastcall.Sweep{Limit: 1, Steady: steady})
		f.wantTask(f.task(short.Task.ID), short.Task)
	}
	f.sweepWith(lastcall.Sweep{Limit: 1, Steady: length - time.Microsecond})
	f.wantTask(f.task(l.Task.ID), l.Task)
	f.wantStatus(short.Task.ID, lastcall.Queued)
	f.sweepWith(lastcall.Sweep{Limit: 1, Steady: length})
	f.wantStatus(l.Task.ID, lastcall.Queued)
	f.leaseBeforeOneThatIsSteadyEnough()
}

// leaseBeforeOneThatIsSteadyEnough lets a lease of a day run out, at the end of its attempt as there is no time for it. A
// node that lives for a day may never come.
func (f *fixture) leaseBeforeOneThatIsSteadyEnough() {
	f.Helper()
	l := f.leaseRun(lastcall.Submission{Type: "long", Timeout: shortLength}, 24*time.Hour)
	f.clockPasses(2 * shortLength)
	f.sweepWith(lastcall.Sweep{Limit: 1, Steady: lastcall.SteadyEnough - time.Microsecond})
	f.wantTask(f.task(l.Task.ID), l.Task)
	f.sweepWith(lastcall.Sweep{Limit: 1, Steady: lastcall.SteadyEnough})
	f.wantStatus(l.Task.ID, lastcall.Scheduled)
}
