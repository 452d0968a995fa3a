package lastcall_test

import (
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// G2, G4: what becomes of a task whose worker has let its lease run out.
func TestALeaseThatEndedIsACrashOrATimeoutOrACancel(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*lastcall.Task)
		timedOut bool
		status   lastcall.Status
		event    lastcall.EventType
		crashes  int
		attempt  int
		code     string
	}{
		"the worker is taken for dead": {
			status: lastcall.Queued, event: lastcall.TaskInterrupted, crashes: 2, attempt: 1,
		},
		"once too often": {
			change: func(t *lastcall.Task) { t.Crashes = 2 },
			status: lastcall.Failed, event: lastcall.TaskFailed, crashes: 3, attempt: 2, code: lastcall.FailureCrashed,
		},
		"the attempt has had its time": {
			timedOut: true, status: lastcall.Scheduled, event: lastcall.TaskRetrying, crashes: 1, attempt: 2, code: lastcall.FailureTimeout,
		},
		"the last attempt has had its time": {
			change: func(t *lastcall.Task) { t.MaxAttempts = 2 }, timedOut: true,
			status: lastcall.Failed, event: lastcall.TaskFailed, crashes: 1, attempt: 2, code: lastcall.FailureTimeout,
		},
		"its end was asked for": {
			change: func(t *lastcall.Task) { t.Cancel(noon) },
			status: lastcall.Canceled, event: lastcall.TaskCanceled, crashes: 2, attempt: 2,
		},
		"its end was asked for, and the time is over": {
			change: func(t *lastcall.Task) { t.Cancel(noon) }, timedOut: true,
			status: lastcall.Canceled, event: lastcall.TaskCanceled, crashes: 2, attempt: 2,
		},
	} {
		task := taskIn(lastcall.Running)
		if c.change != nil {
			c.change(&task)
		}
		ev := task.LeaseEnded(c.timedOut, lastcall.DefaultMaxCrashes, 0.5, noon)
		if task.Status != c.status || task.Crashes != c.crashes || task.Attempt != c.attempt || task.Owner != "" {
			t.Errorf("%s: the task is %+v", name, task)
		}
		if ev == nil || ev.Type != c.event {
			t.Errorf("%s: the event is %+v, want %s", name, ev, c.event)
		}
		if got := task.Error; (got == nil) != (c.code == "") || (got != nil && got.Code != c.code) {
			t.Errorf("%s: the error is %+v, want the code %q", name, got, c.code)
		}
	}
}

// G3: a run is held by whoever has its holder, and by nobody who knows the name of a node.
func TestOnlyAHolderHolds(t *testing.T) {
	holder := lastcall.NewHolder()
	task := taskIn(lastcall.Running)
	if task.HeldBy(task.Owner, task.Run) {
		t.Error("the name of an incarnation holds a run")
	}
	o := lastcall.Outcome{Task: task.ID, Run: task.Run, Holder: task.Owner, Verdict: lastcall.Succeed}
	if _, _, err := task.Settle(&o, noon); lastcall.CodeOf(err) != lastcall.CodeLeaseLost {
		t.Errorf("the name of an incarnation settles a run: %v", err)
	}
	task.Owner = holder
	for _, other := range []string{"", holder[:len(holder)-1], holder + "A", lastcall.NewHolder()} {
		if task.HeldBy(other, task.Run) {
			t.Errorf("%q holds what %q does", other, holder)
		}
	}
	if !task.HeldBy(holder, task.Run) || task.HeldBy(holder, task.Run-1) {
		t.Error("a holder holds its own run and no other")
	}
	task.Status = lastcall.Succeeded
	if task.HeldBy(holder, task.Run) {
		t.Error("a run that has ended is held")
	}
}

// G3, G11: what ended a run is told again to who ended it, and to nobody who only guesses what that was.
func TestAnOutcomeIsToldAgainToItsHolderOnly(t *testing.T) {
	mine, theirs := lastcall.NewHolder(), lastcall.NewHolder()
	for _, by := range []string{"", mine} {
		for _, v := range []lastcall.Verdict{lastcall.Succeed, lastcall.Fail, lastcall.Release} {
			task := taskIn(lastcall.Running)
			if by != "" {
				task.Owner = by
			}
			o := lastcall.Outcome{Run: task.Run, Holder: by, Verdict: v}
			mustSettle(t, &task, o)
			for _, again := range []string{"", mine, theirs, "made up", "null", mine + "A"} {
				o.Holder = again
				_, repeated, err := task.Settle(&o, noon)
				if known := again == by; repeated != known || (lastcall.CodeOf(err) == lastcall.CodeLeaseLost) == known {
					t.Errorf("a %s by %q was told to %q: repeated %v, %v", v, by, again, repeated, err)
				}
			}
		}
	}
}
