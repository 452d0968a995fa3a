package storetest

import (
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall"
)

func cancelWaiting(f *fixture) {
	n := f.node()
	backingOff := n.run(lastcall.Submission{Type: "b"})
	o := fail(backingOff, "x")
	o.Wait = time.Hour
	n.settle(o)
	for t, past := range map[string][]lastcall.EventType{
		f.submitOne(lastcall.Submission{Type: "a"}).ID:                   nil,
		f.submitOne(lastcall.Submission{Type: "a", Delay: time.Hour}).ID: nil,
		backingOff.ID: {lastcall.TaskRetrying},
	} {
		got := f.cancel(t)
		if got.Status != lastcall.Canceled || got.FinishedAt == nil || got.CancelRequestedAt == nil {
			f.Fatalf("a waiting task is canceled as %+v", got)
		}
		f.wantTask(f.task(t), got)
		f.wantLast(got, `{}`, append(past, lastcall.TaskCanceled)...)
	}
	if got := n.claim(9, "a", "b"); len(got) != 0 {
		f.Fatalf("claimed the canceled tasks %v", ids(got))
	}
}

// A running task is asked to stop: nothing has ended yet, and nobody is told so.
func cancelRunning(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a"})
	got := f.cancel(t.ID)
	if got.CancelRequestedAt == nil {
		f.Fatalf("nothing says that an end was asked for: %+v", got)
	}
	want := t
	want.CancelRequestedAt = got.CancelRequestedAt
	f.wantTask(got, want)
	f.wantTask(f.task(t.ID), want)
	f.wantTask(f.cancel(t.ID), want) // and the first request counts
	f.wantEvents(t)
}

func cancelFinished(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a"})
	done := n.settle(succeed(t, "1"))
	f.wantTask(f.cancel(t.ID), done)
	canceled := f.cancel(f.submitOne(lastcall.Submission{Type: "a"}).ID)
	f.wantTask(f.cancel(canceled.ID), canceled)
	f.wantEvents(t, lastcall.TaskSucceeded)
	f.wantEvents(canceled, lastcall.TaskCanceled)
}

// Whatever comes of a run after its cancel ends it as canceled, but for a success: the work is done.
func cancelThenSettle(f *fixture) {
	n := f.node()
	for what, c := range map[string]struct {
		outcome func(lastcall.Task) lastcall.Outcome
		status  lastcall.Status
		event   lastcall.EventType
	}{
		"success":          {func(t lastcall.Task) lastcall.Outcome { return succeed(t, `"done"`) }, lastcall.Succeeded, lastcall.TaskSucceeded},
		"failed attempt":   {func(t lastcall.Task) lastcall.Outcome { return fail(t, "x") }, lastcall.Canceled, lastcall.TaskCanceled},
		"failure for good": {func(t lastcall.Task) lastcall.Outcome { return failForGood(t, "x") }, lastcall.Canceled, lastcall.TaskCanceled},
		"hand-back":        {release, lastcall.Canceled, lastcall.TaskCanceled},
	} {
		t := n.run(lastcall.Submission{Type: what})
		t = f.cancel(t.ID)
		got := n.settled(t, c.outcome(t))
		if got.Status != c.status || got.FinishedAt == nil {
			f.Fatalf("a %s after a cancel is stored as %+v", what, got)
		}
		f.wantEvents(t, c.event)
		f.wantTask(n.settle(c.outcome(t)), got) // told again
	}
}

func cancelThenCrash(f *fixture) {
	m := f.mortal()
	t := m.run(lastcall.Submission{Type: "a"})
	f.cancel(t.ID)
	m.die()
	f.wantStatus(t.ID, lastcall.Canceled)
	f.wantLast(t, `{}`, lastcall.TaskCanceled)
}

func cancelThenLeave(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a"})
	f.cancel(t.ID)
	f.must(n.store.Leave(f.ctx, n.incarnation))
	f.wantStatus(t.ID, lastcall.Canceled)
	f.wantLast(t, `{}`, lastcall.TaskCanceled)
}

// The node learns of it with its next beat, and with each one until the run has ended.
func cancelPulse(f *fixture) {
	n, other := f.node(), f.node()
	t := n.run(lastcall.Submission{Type: "a"})
	n.run(lastcall.Submission{Type: "a"})
	other.run(lastcall.Submission{Type: "a"})
	f.wantPulse(n)
	f.cancel(t.ID)
	f.wantPulse(n, lastcall.RunRef{Task: t.ID, Run: t.Run})
	f.wantPulse(n, lastcall.RunRef{Task: t.ID, Run: t.Run})
	f.wantPulse(other)
	n.settle(release(t))
	f.wantPulse(n)
}

func (f *fixture) wantPulse(n *node, canceled ...lastcall.RunRef) {
	f.Helper()
	pulse, err := n.store.Beat(f.ctx, lastcall.Beat{Incarnation: n.incarnation, Phase: "ready", Lease: longLease})
	f.must(err)
	if len(pulse.Canceled) != len(canceled) {
		f.Fatalf("the pulse names %v, want %v", pulse.Canceled, canceled)
	}
	for i, c := range canceled {
		if pulse.Canceled[i] != c {
			f.Fatalf("the pulse names %v, want %v", pulse.Canceled, canceled)
		}
	}
}

func cancelUnknown(f *fixture) {
	for _, id := range unknownIDs {
		_, err := f.store.Cancel(f.ctx, id)
		f.wantCode(err, lastcall.CodeNotFound)
		_, err = f.store.Task(f.ctx, id)
		f.wantCode(err, lastcall.CodeNotFound)
	}
}

// Cancels, claims and settles meet on the same tasks: each ends once, and its client is told once (G2).
func cancelRaces(f *fixture) {
	const tasks = 60
	all := f.submitMany(tasks, lastcall.Submission{Type: "a"})
	n, m := f.node(), f.join(f.handle(), "node-b", longLease)
	var done atomic.Int64
	f.together(8, func(i int) error {
		if i < 4 { // cancel every second task
			for j := i * 2; j < tasks; j += 8 {
				if _, err := m.store.Cancel(f.ctx, all[j].ID); err != nil {
					return err
				}
			}
			return nil
		}
		for {
			got, err := n.store.Claim(f.ctx, lastcall.Claim{Incarnation: n.incarnation, Max: 2, Want: []lastcall.Want{{Type: "a", Max: 2}}})
			if err != nil || len(got) == 0 {
				return err
			}
			for _, t := range got {
				if _, err := n.store.Settle(f.ctx, succeed(t, "1")); err != nil {
					return err
				}
				done.Add(1)
			}
		}
	})
	for _, t := range all {
		switch got := f.task(t.ID); got.Status {
		case lastcall.Succeeded:
			done.Add(-1)
			f.wantEvents(t, lastcall.TaskSucceeded)
		case lastcall.Canceled:
			f.wantEvents(t, lastcall.TaskCanceled)
		default:
			f.Fatalf("task %s was left %s", t.ID, got.Status)
		}
	}
	if done.Load() != 0 {
		f.Fatalf("%d successes were accepted that are not there", done.Load())
	}
}
