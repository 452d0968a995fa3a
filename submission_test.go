package lastcall_test

import (
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

func TestASubmissionsTimes(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	east := time.FixedZone("east", 3600)
	for name, c := range map[string]struct {
		s      lastcall.Submission
		status lastcall.Status
		runAt  time.Time
	}{
		"none is now":                {lastcall.Submission{}, lastcall.Queued, now},
		"the past is now":            {lastcall.Submission{RunAt: now.Add(-time.Hour)}, lastcall.Queued, now},
		"now is now":                 {lastcall.Submission{RunAt: now}, lastcall.Queued, now},
		"later, in another zone":     {lastcall.Submission{RunAt: now.Add(time.Hour).In(east)}, lastcall.Scheduled, now.Add(time.Hour)},
		"later, in nanoseconds":      {lastcall.Submission{RunAt: now.Add(1999)}, lastcall.Scheduled, now.Add(1000)},
		"a delay":                    {lastcall.Submission{Delay: time.Minute}, lastcall.Scheduled, now.Add(time.Minute)},
		"a delay in nanoseconds":     {lastcall.Submission{Delay: 1999}, lastcall.Scheduled, now.Add(1000)},
		"a delay that rounds to now": {lastcall.Submission{Delay: 999}, lastcall.Queued, now},
	} {
		got := c.s.NewTask("ID", now)
		if got.Status != c.status || got.RunAt != c.runAt || got.CreatedAt != now {
			t.Errorf("%s: %s at %v, want %s at %v", name, got.Status, got.RunAt, c.status, c.runAt)
		}
	}
}

// A type whose handler takes anything must not fail for want of an input: what it decodes has to be JSON.
func TestATaskWithoutAnInputHasTheInputNull(t *testing.T) {
	task := (&lastcall.Submission{Type: "a"}).NewTask("ID", time.Now())
	if string(task.Input) != "null" {
		t.Errorf("the input is %q, want null", task.Input)
	}
}

func TestExpiryCountsFromTheSubmit(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	task := (&lastcall.Submission{Type: "a", Delay: time.Hour, ExpiresIn: time.Minute + 999}).NewTask("ID", now)
	if task.ExpiresAt == nil || *task.ExpiresAt != now.Add(time.Minute) {
		t.Errorf("expires at %v, want a minute after %v, in microseconds", task.ExpiresAt, now)
	}
	if task = (&lastcall.Submission{Type: "a"}).NewTask("ID", now); task.ExpiresAt != nil {
		t.Errorf("a task that may wait for ever expires at %v", task.ExpiresAt)
	}
}

func TestATaskIsNotTiedToItsSubmission(t *testing.T) {
	s := lastcall.Submission{Type: "a", RetryOf: "first"}
	task := s.NewTask("ID", noon)
	s.RetryOf = "other"
	if task.RetryOf == nil || *task.RetryOf != "first" {
		t.Errorf("the task is a retry of %v, want first", task.RetryOf)
	}
}
