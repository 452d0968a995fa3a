package client

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// wireSubmission is a submission on the wire. Fields that say nothing are left out: the server's defaults stand.
type wireSubmission struct {
	Type           string            `json:"type"`
	Input          json.RawMessage   `json:"input,omitempty"`
	Queue          string            `json:"queue,omitempty"`
	Client         string            `json:"client,omitempty"`
	Priority       int               `json:"priority,omitempty"`
	RunAt          *time.Time        `json:"run_at,omitempty"`
	Delay          span              `json:"delay,omitempty"`
	MaxAttempts    int               `json:"max_attempts,omitempty"`
	Timeout        span              `json:"timeout,omitempty"`
	ExpiresIn      span              `json:"expires_in,omitempty"`
	Labels         map[string]string `json:"labels,omitempty"`
	IdempotencyKey string            `json:"idempotency_key,omitempty"` // of an item of a batch only
}

// span is a duration as the wire has it: "1m30s".
type span time.Duration

// MarshalText writes it.
func (s span) MarshalText() ([]byte, error) { return []byte(time.Duration(s).String()), nil }

// UnmarshalText reads it.
func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*s = span(d)
	return err
}

// toWire is s on the wire, without its key.
func toWire(s *lastcall.Submission) (wireSubmission, error) {
	w := wireSubmission{
		Type: s.Type, Input: s.Input, Queue: s.Queue, Client: s.Client, Priority: s.Priority, Delay: span(s.Delay),
		MaxAttempts: s.MaxAttempts, Timeout: span(s.Timeout), ExpiresIn: span(s.ExpiresIn), Labels: s.Labels,
	}
	if !s.RunAt.IsZero() {
		w.RunAt = &s.RunAt
	}
	if s.RetryOf != "" {
		return w, errors.New("a submission cannot say of what it is a retry; Client.Retry makes one")
	}
	return w, nil
}

// keyOf is the submission's own key, or one that nobody else has.
func keyOf(s *lastcall.Submission) string {
	if s.Idempotency != nil {
		return cmp.Or(s.Idempotency.Key, rand.Text())
	}
	return rand.Text()
}

// ParseSubmission reads a submission as the wire writes it, which is the item of a batch: with idempotency_key, and
// with nothing that a submission does not have. What its fields hold is for the server to judge.
func ParseSubmission(text []byte) (lastcall.Submission, error) {
	var w wireSubmission
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return lastcall.Submission{}, fmt.Errorf("read submission: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return lastcall.Submission{}, errors.New("read submission: more follows behind the object")
	}
	s := lastcall.Submission{
		Type: w.Type, Input: w.Input, Queue: w.Queue, Client: w.Client, Priority: w.Priority, Delay: time.Duration(w.Delay),
		MaxAttempts: w.MaxAttempts, Timeout: time.Duration(w.Timeout), ExpiresIn: time.Duration(w.ExpiresIn), Labels: w.Labels,
	}
	if w.RunAt != nil {
		s.RunAt = *w.RunAt
	}
	if w.IdempotencyKey != "" {
		s.Idempotency = &lastcall.IdempotencyKey{Key: w.IdempotencyKey}
	}
	return s, nil
}
