package lastcall

import (
	"cmp"
	"encoding/json"
	"time"
)

// Submission is a task as its client wishes it. The zero value of every field but Type stands for the default.
type Submission struct {
	Type        string
	Queue       string // "default"
	Client      string // "anonymous"
	Input       json.RawMessage
	Priority    int           // -100 to 100
	RunAt       time.Time     // not before; the past means now
	Delay       time.Duration // the same, from the store's clock; not together with RunAt
	MaxAttempts int           // 5
	Timeout     time.Duration // of one attempt; the type's
	ExpiresIn   time.Duration // how long it may wait, from its submit; for ever
	Labels      map[string]string
	RetryOf     string

	// Idempotency, if not nil, makes the store answer with the first task submitted under the same key.
	Idempotency *IdempotencyKey
}

// IdempotencyKey names a submit so that repeating it does no harm.
type IdempotencyKey struct {
	Scope  string // whose key it is: keys of different callers never meet
	Key    string // 1 to 255 bytes
	Digest string // of the canonical body: the same key with another digest is a mismatch
}

// IdempotencyWindow is how long a key is remembered.
const IdempotencyWindow = 24 * time.Hour

// Submitted is the answer to a Submission.
type Submitted struct {
	Task     Task
	Replayed bool // the key was known: Task is the first one, as it stands now
}

// The defaults of a submission.
const (
	DefaultQueue       = "default"
	DefaultClient      = "anonymous"
	DefaultMaxAttempts = 5
	DefaultTimeout     = time.Hour
	DefaultMaxCrashes  = 3
)

// NewTask is the task that a store writes for the submission at a time now, with the id that it has chosen.
func (s *Submission) NewTask(id string, now time.Time) Task {
	t := Task{
		ID: id, Type: s.Type, Queue: cmp.Or(s.Queue, DefaultQueue), Client: cmp.Or(s.Client, DefaultClient),
		Status: Queued, Input: s.Input, Priority: s.Priority, Labels: s.Labels,
		MaxAttempts: cmp.Or(s.MaxAttempts, DefaultMaxAttempts), Timeout: s.Timeout,
		CreatedAt: now, RunAt: now,
	}
	if len(t.Input) == 0 {
		t.Input = json.RawMessage("null") // what a handler decodes must be JSON
	}
	if s.Delay > 0 {
		t.RunAt = after(now, s.Delay)
	}
	if s.RunAt.After(now) {
		t.RunAt = s.RunAt.UTC().Truncate(time.Microsecond)
	}
	if t.RunAt.After(now) {
		t.Status = Scheduled
	}
	if s.ExpiresIn > 0 {
		at := after(now, s.ExpiresIn)
		t.ExpiresAt = &at
	}
	if s.RetryOf != "" {
		of := s.RetryOf // the submission stays its caller's
		t.RetryOf = &of
	}
	return t
}

// after is d past now in the microseconds that a store keeps, so that what an event says of a time is what its task says.
func after(now time.Time, d time.Duration) time.Time { return now.Add(d).Truncate(time.Microsecond) }

// Again is the submission that tries a finished task once more, as a task of its own.
func (t *Task) Again() Submission {
	s := Submission{
		Type: t.Type, Queue: t.Queue, Client: t.Client, Input: t.Input, Priority: t.Priority,
		MaxAttempts: t.MaxAttempts, Timeout: t.Timeout, Labels: t.Labels, RetryOf: t.ID,
	}
	if t.ExpiresAt != nil {
		s.ExpiresIn = t.ExpiresAt.Sub(t.CreatedAt)
	}
	return s
}

// Retryable reports whether a task may be tried again: it ended, and not well.
func (t *Task) Retryable() bool {
	return t.Status == Failed || t.Status == Canceled || t.Status == Expired
}
