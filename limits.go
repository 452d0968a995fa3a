package lastcall

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits bounds what is accepted. The zero value of a field stands for the default of DefaultLimits.
type Limits struct {
	Body       int64         // bytes of a request body
	Input      int           // bytes of a task's input
	Output     int           // bytes of a task's output
	Checkpoint int           // bytes of a checkpoint
	Name       int           // bytes of a type, queue, client, label key or label value
	Labels     int           // labels of one task
	Key        int           // bytes of an idempotency key
	Wait       time.Duration // longest wait of a request
	Page       int           // most rows of a page
	Batch      int           // tasks of a batch
	BatchBody  int64         // bytes of a batch's body
}

// DefaultLimits are the limits of the API, as openapi.yaml states them.
func DefaultLimits() Limits {
	return Limits{
		Body: 1 << 20, Input: 1 << 20, Output: 1 << 20, Checkpoint: 1 << 20,
		Name: 128, Labels: 16, Key: 255, Wait: time.Minute, Page: 200,
		Batch: 1000, BatchBody: 16 << 20,
	}
}

// WithDefaults gives every zero field its default.
func (l Limits) WithDefaults() Limits {
	d := DefaultLimits()
	return Limits{
		Body: cmp.Or(l.Body, d.Body), Input: cmp.Or(l.Input, d.Input), Output: cmp.Or(l.Output, d.Output),
		Checkpoint: cmp.Or(l.Checkpoint, d.Checkpoint), Name: cmp.Or(l.Name, d.Name), Labels: cmp.Or(l.Labels, d.Labels),
		Key: cmp.Or(l.Key, d.Key), Wait: cmp.Or(l.Wait, d.Wait), Page: cmp.Or(l.Page, d.Page),
		Batch: cmp.Or(l.Batch, d.Batch), BatchBody: cmp.Or(l.BatchBody, d.BatchBody),
	}
}

// The bounds of numbers and times in a submission.
const (
	MinPriority    = -100
	MaxPriority    = 100
	MaxMaxAttempts = 1000
	MaxTimeout     = 30 * 24 * time.Hour
	MaxDelay       = 366 * 24 * time.Hour
)

// What every store keeps, and shows at a time, that no setting says anything of.
const (
	// MailboxKept is how long a mailbox without events is kept for a client that has not been here. The counter outlives
	// the events, so that a client that comes back learns what it missed; this bounds for how long.
	MailboxKept = 90 * 24 * time.Hour
	// MailboxUsed is how exactly it is known when a client was last here: opening a mailbox seldom needs a write then.
	MailboxUsed = 24 * time.Hour
	QueueKept   = 24 * time.Hour // how long an empty queue is listed
	NodeKept    = 24 * time.Hour // how long a node that is gone is listed
	NodesMost   = 1000           // how many nodes are listed
	PageBytes   = 4 << 20        // after which a page of tasks or events is full, however few they are
)

// Check returns what is wrong with s, field by field, named as on the wire; nil if nothing is. Now bounds run_at.
func (l Limits) Check(s *Submission, now time.Time) []FieldError {
	var errs []FieldError
	add := func(field, format string, args ...any) {
		errs = append(errs, FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
	}
	l.checkNames(s, add)
	switch {
	case len(s.Input) > l.Input:
		add("input", "is %d bytes long; the most is %d", len(s.Input), l.Input)
	case len(s.Input) > 0 && !json.Valid(s.Input):
		add("input", "is not JSON")
	}
	checkNumbers(s, add)
	checkTimes(s, now, add)
	if k := s.Idempotency; k != nil && (k.Key == "" || len(k.Key) > l.Key || !printable(k.Key)) {
		add("Idempotency-Key", "must be 1 to %d bytes of printable text", l.Key)
	}
	return errs
}

func (l Limits) checkNames(s *Submission, add func(field, format string, args ...any)) {
	name := func(field, v string, required bool) {
		if v == "" && !required {
			return
		}
		if err := l.CheckName(v); err != "" {
			add(field, "%s", err)
		}
	}
	name("type", s.Type, true)
	name("queue", s.Queue, false)
	name("client", s.Client, false)
	if len(s.Labels) > l.Labels {
		add("labels", "has %d labels; the most is %d", len(s.Labels), l.Labels)
	}
	keys := make([]string, 0, len(s.Labels))
	for k := range s.Labels {
		keys = append(keys, k)
	}
	slices.Sort(keys) // the same input gives the same answer
	for _, k := range keys {
		name("labels", k, true)
		name("labels."+k, s.Labels[k], true)
	}
}

func checkNumbers(s *Submission, add func(field, format string, args ...any)) {
	if s.Priority < MinPriority || s.Priority > MaxPriority {
		add("priority", "must be from %d to %d", MinPriority, MaxPriority)
	}
	if s.MaxAttempts < 0 || s.MaxAttempts > MaxMaxAttempts {
		add("max_attempts", "must be from 1 to %d", MaxMaxAttempts)
	}
}

func checkTimes(s *Submission, now time.Time, add func(field, format string, args ...any)) {
	span := func(field string, d, most time.Duration) {
		if d < 0 || d > most {
			add(field, "must be from 0s to %s", most)
		}
	}
	span("timeout", s.Timeout, MaxTimeout)
	span("delay", s.Delay, MaxDelay)
	span("expires_in", s.ExpiresIn, MaxDelay)
	if !s.RunAt.IsZero() && s.RunAt.After(now.Add(MaxDelay)) {
		add("run_at", "must be within %s from now", MaxDelay)
	}
	if !s.RunAt.IsZero() && s.Delay != 0 {
		add("delay", "cannot be given together with run_at")
	}
}

// CheckName says what is wrong with a type, queue, client or label, or "" if nothing is.
func (l Limits) CheckName(v string) string {
	if v == "" || len(v) > l.Name {
		return fmt.Sprintf("must be 1 to %d bytes long", l.Name)
	}
	if !printable(v) {
		return "must be printable UTF-8"
	}
	return ""
}

func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}
