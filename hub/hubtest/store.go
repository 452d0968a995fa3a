// Package hubtest holds a store of mailboxes in memory, for tests of what reads mailboxes: it does at once and by name
// what a real store does in a week, such as letting events expire or losing its mailboxes to a restored backup. It is no
// whole lastcall.Store; a method that it lacks panics.
package hubtest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Store keeps mailboxes and tasks.
type Store struct {
	lastcall.Store // nil

	mu      sync.Mutex
	boxes   map[string]*mailbox
	tasks   map[string]lastcall.Task
	fail    error
	gate    *gate
	reads   int
	largest int
}

type mailbox struct {
	lastcall.Mailbox
	events []lastcall.Event // Oldest to Head
}

// New is an empty store.
func New() *Store {
	return &Store{boxes: make(map[string]*mailbox), tasks: make(map[string]lastcall.Task)}
}

// Write appends events to the client's mailbox, in one transaction, and fills in what a store fills in.
func (s *Store) Write(client string, events ...lastcall.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.open(client)
	for _, ev := range events {
		m.Head++
		ev.Seq = m.Head
		ev.ID = fmt.Sprintf("%s-%d", client, m.Head)
		ev.At = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		if ev.Data == nil {
			ev.Data = json.RawMessage(`{}`)
		}
		m.events = append(m.events, ev)
	}
}

// Put sets a task.
func (s *Store) Put(t lastcall.Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tasks[t.ID] = t
}

// Expire forgets the client's events up to seq.
func (s *Store) Expire(client string, seq int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.open(client)
	m.events = m.events[seq-m.Oldest+1:]
	m.Oldest = seq + 1
}

// Drop removes the client's mailbox, as if it had not been used for long.
func (s *Store) Drop(client string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.boxes, client)
}

// Restore sets the client's mailbox back to seq, as a restored backup does.
func (s *Store) Restore(client string, seq int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.open(client)
	m.events = m.events[:seq-m.Oldest+1]
	m.Head = seq
}

// NewEpoch begins the client's mailbox anew, with what it holds, as is done after a restore.
func (s *Store) NewEpoch(client string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open(client).Epoch = lastcall.NewEpoch()
}

// Fail has every call fail with err, until it is nil.
func (s *Store) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

// Hold has every read of events wait between what it reads and its return, until release is called; reading is told of
// each that does.
func (s *Store) Hold() (reading <-chan struct{}, release func()) {
	g := &gate{reading: make(chan struct{}, 1), open: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = g
	return g.reading, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.gate = nil
		close(g.open)
	}
}

type gate struct{ reading, open chan struct{} }

// wait holds a read while Hold is in force.
func (s *Store) wait(ctx context.Context) error {
	s.mu.Lock()
	g := s.gate
	s.mu.Unlock()
	if g == nil {
		return nil
	}
	select {
	case g.reading <- struct{}{}:
	default:
	}
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Reads is how often events have been read, and the most that a read has returned.
func (s *Store) Reads() (n, largest int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads, s.largest
}

// Mailbox is the client's mailbox as it stands.
func (s *Store) Mailbox(client string) lastcall.Mailbox {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open(client).Mailbox
}

// open wants s.mu held.
func (s *Store) open(client string) *mailbox {
	m := s.boxes[client]
	if m == nil {
		m = &mailbox{Mailbox: lastcall.Mailbox{Client: client, Epoch: lastcall.NewEpoch(), Oldest: 1}}
		s.boxes[client] = m
	}
	return m
}

// OpenMailbox is lastcall.Store's.
func (s *Store) OpenMailbox(_ context.Context, client string) (lastcall.Mailbox, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return lastcall.Mailbox{}, s.fail
	}
	return s.open(client).Mailbox, nil
}

// Events is lastcall.Store's.
func (s *Store) Events(ctx context.Context, client string, after int64, limit int) (lastcall.Mailbox, []lastcall.Event, error) {
	mb, page, err := s.events(client, after, limit)
	if held := s.wait(ctx); held != nil {
		return lastcall.Mailbox{}, nil, held
	}
	return mb, page, err
}

func (s *Store) events(client string, after int64, limit int) (lastcall.Mailbox, []lastcall.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return lastcall.Mailbox{}, nil, s.fail
	}
	m := s.boxes[client]
	if m == nil {
		return lastcall.Mailbox{}, nil, lastcall.Errorf(lastcall.CodeNotFound, "no mailbox")
	}
	from := min(max(after+1-m.Oldest, 0), int64(len(m.events)))
	page := m.events[from:min(int(from)+limit, len(m.events))]
	s.reads++
	s.largest = max(s.largest, len(page))
	return m.Mailbox, append([]lastcall.Event(nil), page...), nil
}

// Ack is lastcall.Store's.
func (s *Store) Ack(_ context.Context, client string, upTo lastcall.Cursor) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	if m := s.boxes[client]; m != nil && m.Epoch == upTo.Epoch {
		m.Acked = max(m.Acked, min(upTo.Seq, m.Head))
	}
	return nil
}

// Task is lastcall.Store's.
func (s *Store) Task(_ context.Context, id string) (lastcall.Task, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return lastcall.Task{}, s.fail
	}
	t, ok := s.tasks[id]
	if !ok {
		return lastcall.Task{}, lastcall.Errorf(lastcall.CodeNotFound, "no task")
	}
	return t, nil
}

// TaskEvents is lastcall.Store's.
func (s *Store) TaskEvents(_ context.Context, id string) (lastcall.Mailbox, []lastcall.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tasks[id]
	switch {
	case s.fail != nil:
		return lastcall.Mailbox{}, nil, s.fail
	case !ok:
		return lastcall.Mailbox{}, nil, lastcall.Errorf(lastcall.CodeNotFound, "no task")
	}
	m := s.open(t.Client)
	var of []lastcall.Event
	for _, ev := range m.events {
		if ev.Task == id {
			of = append(of, ev)
		}
	}
	return m.Mailbox, of, nil
}
