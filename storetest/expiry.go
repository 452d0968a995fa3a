package storetest

import (
	"time"

	"github.com/lastcall-dev/lastcall"
)

// expired sweeps until a task is expired, and returns it.
func (f *fixture) expired(id string) lastcall.Task {
	f.Helper()
	f.eventually("the task expired", func() bool {
		f.sweep()
		return f.task(id).Status == lastcall.Expired
	})
	return f.task(id)
}

func expiryEndsWaiting(f *fixture) {
	for _, delay := range []time.Duration{0, time.Hour} {
		t := f.submitOne(lastcall.Submission{Type: "a", Delay: delay, ExpiresIn: 20 * time.Millisecond})
		if got := t.ExpiresAt.Sub(t.CreatedAt); got != 20*time.Millisecond {
			f.Fatalf("expires %s after it was created, want 20ms", got)
		}
		got := f.expired(t.ID)
		if got.FinishedAt == nil || got.FinishedAt.Before(*t.ExpiresAt) {
			f.Fatalf("what expires at %v was ended at %v", t.ExpiresAt, got.FinishedAt)
		}
		ev := f.wantLast(t, `{}`, lastcall.TaskExpired)
		want := t
		want.Expire(ev.At)
		f.wantTask(got, want)
	}
}

// runOverdue starts a task that then outlives its expiry. On a busy machine it may take some tries to start one in time.
func (n *node) runOverdue() lastcall.Task {
	f := n.f
	f.Helper()
	var t lastcall.Task
	patience := 50 * time.Millisecond
	f.eventually("a task was started before it expired", func() bool {
		patience *= 2
		f.submitOne(lastcall.Submission{Type: "a", ExpiresIn: patience})
		got := n.claim(1, "a")
		if len(got) == 1 {
			t = got[0]
		}
		return len(got) == 1
	})
	f.eventually("its time was over", func() bool {
		return f.submitOne(lastcall.Submission{Type: "clock"}).CreatedAt.After(*t.ExpiresAt)
	})
	return t
}

func expirySparesRunning(f *fixture) {
	n := f.node()
	t := n.runOverdue()
	f.sweep()
	f.wantTask(f.task(t.ID), t)
	n.settle(succeed(t, "1"))
	f.wantEvents(t, lastcall.TaskSucceeded)
}

// Once it waits again its time is over: expiry counts from the submit.
func expiryAfterHandBack(f *fixture) {
	n := f.node()
	t := n.runOverdue()
	n.settle(release(t))
	f.expired(t.ID)
	f.wantEvents(t, lastcall.TaskInterrupted, lastcall.TaskExpired)
}

func expiryInPortions(f *fixture) {
	const n = 60
	f.submitMany(n, lastcall.Submission{Type: "a", ExpiresIn: time.Microsecond})
	f.clockPasses(time.Millisecond)
	first := f.sweepOnce(lastcall.Sweep{Limit: 7})
	if first.Expired > 7 || !first.More {
		f.Fatalf("a sweep of at most 7 of %d did %+v", n, first)
	}
	if rest := f.sweepWith(lastcall.Sweep{Limit: 7}); first.Expired+rest.Expired != n {
		f.Fatalf("%d and %d expired, want %d", first.Expired, rest.Expired, n)
	}
	if _, events := f.mailbox(lastcall.DefaultClient); len(events) != n {
		f.Fatalf("%d events of %d expired tasks", len(events), n)
	}
}

func dueIsQueued(f *fixture) {
	t := f.submitOne(lastcall.Submission{Type: "a", Delay: 50 * time.Millisecond})
	f.wantTask(f.task(t.ID), t)
	f.eventually("the task was queued", func() bool {
		f.sweep()
		return f.task(t.ID).Status == lastcall.Queued
	})
	want := t
	want.ToQueue()
	f.wantTask(f.task(t.ID), want) // its place in the line is that of its time, not that of the sweep
	if now := f.submitOne(lastcall.Submission{Type: "clock"}).CreatedAt; now.Before(t.RunAt) {
		f.Fatalf("queued by %v what is due at %v", now, t.RunAt)
	}
	f.node().start("a")
	f.wantEvents(t)
}

func dueInPortions(f *fixture) {
	const n = 60
	f.submitMany(n, lastcall.Submission{Type: "a", Delay: time.Millisecond})
	f.submitMany(n, lastcall.Submission{Type: "a", Delay: time.Hour})
	f.clockPasses(10 * time.Millisecond)
	first := f.sweepOnce(lastcall.Sweep{Limit: 7})
	if first.Due > 7 || !first.More {
		f.Fatalf("a sweep of at most 7 of %d did %+v", n, first)
	}
	if rest := f.sweepWith(lastcall.Sweep{Limit: 7}); first.Due+rest.Due != n {
		f.Fatalf("%d and %d became due, want %d", first.Due, rest.Due, n)
	}
	if did := f.sweep(); did.Due != 0 {
		f.Fatalf("%d became due twice", did.Due)
	}
	if got := f.node().claim(2*n, "a"); len(got) != n {
		f.Fatalf("%d of the %d due tasks could be claimed", len(got), n)
	}
}

func dueNext(f *fixture) {
	before := f.submitOne(lastcall.Submission{Type: "clock"}).CreatedAt
	did := f.sweepOnce(lastcall.Sweep{Limit: 1000})
	after := f.submitOne(lastcall.Submission{Type: "clock"}).CreatedAt
	if did.Now.Before(before) || did.Now.After(after) {
		f.Fatalf("it is %v between %v and %v", did.Now, before, after)
	}
	if !did.Next.IsZero() {
		f.Fatalf("nothing is scheduled, but something is due at %v", did.Next)
	}
	later := f.submitOne(lastcall.Submission{Type: "a", Delay: 2 * time.Hour})
	sooner := f.submitOne(lastcall.Submission{Type: "a", Delay: time.Hour})
	if did := f.sweep(); !did.Next.Equal(sooner.RunAt) {
		f.Fatalf("the next task is due at %v, want %v", did.Next, sooner.RunAt)
	}
	f.cancel(sooner.ID)
	if did := f.sweep(); !did.Next.Equal(later.RunAt) {
		f.Fatalf("the next task is due at %v, want %v", did.Next, later.RunAt)
	}
	f.cancel(later.ID)
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a"})
	o := fail(t, "x")
	o.Wait = time.Hour
	t = n.settle(o)
	if did := f.sweep(); !did.Next.Equal(t.RunAt) {
		f.Fatalf("the next attempt is due at %v, want %v", did.Next, t.RunAt)
	}
}
