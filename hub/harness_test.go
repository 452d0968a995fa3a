package hub_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/hub"
	"github.com/lastcall-dev/lastcall/hub/hubtest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bell is a Waker that counts.
type bell struct {
	mu    sync.Mutex
	rings int
}

func (b *bell) Wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rings++
}

// rung reports whether it has been rung since the last call.
func (b *bell) rung() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.rings
	b.rings = 0
	return n > 0
}

// reader is a subscriber under test, and what it has been told so far.
type reader struct {
	*hub.Subscriber
	bell
	t *testing.T
}

func subscribe(t *testing.T, h *hub.Hub, client string, at hub.Start) *reader {
	t.Helper()
	r := &reader{t: t}
	s, err := h.Subscribe(t.Context(), client, at, &r.bell)
	if err != nil {
		t.Fatal(err)
	}
	r.Subscriber = s
	t.Cleanup(s.Close)
	return r
}

// next is the next batch in words: "gap expired 3-4", "5", "live", "started x 1".
func (r *reader) next() []string {
	r.t.Helper()
	b, err := r.Next(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	return words(&b)
}

// all reads until there is nothing more.
func (r *reader) all() []string {
	r.t.Helper()
	var told []string
	for {
		w := r.next()
		if len(w) == 0 {
			return told
		}
		told = append(told, w...)
	}
}

func (r *reader) wants(want ...string) {
	r.t.Helper()
	if diff := cmp.Diff(want, r.all()); diff != "" {
		r.t.Errorf("told (-want +got):\n%s", diff)
	}
}

func words(b *hub.Batch) []string {
	var w []string
	if g := b.Gap; g != nil {
		w = append(w, fmt.Sprintf("gap %s %d-%d to %d", g.Why, g.From, g.To, g.Cursor.Seq))
	}
	for _, ev := range b.Events {
		w = append(w, strconv.FormatInt(ev.Seq, 10))
	}
	if b.Live != nil {
		w = append(w, fmt.Sprintf("live %d", b.Live.Seq))
	}
	for _, st := range b.States {
		w = append(w, fmt.Sprintf("%s %s %d %s", st.Type, st.Task, st.Run, st.Data))
	}
	for _, task := range b.Watched {
		w = append(w, fmt.Sprintf("watched %s %s", task.ID, task.Status))
	}
	for _, id := range b.Unknown {
		w = append(w, "unknown "+id)
	}
	return w
}

func open(t *testing.T, o hub.Options) (*hubtest.Store, *hub.Hub) {
	t.Helper()
	store := hubtest.New()
	o.Logger = slog.New(slog.DiscardHandler)
	return store, hub.New(store, o)
}

// run runs the hub until the test ends.
func run(t *testing.T, h *hub.Hub) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// write puts events into a mailbox and hints at them.
func write(store *hubtest.Store, h *hub.Hub, client string, events ...lastcall.Event) {
	store.Write(client, events...)
	h.Moved([]lastcall.Hint{{Client: client}})
}

func event(typ lastcall.EventType, task string, run int64) lastcall.Event {
	return lastcall.Event{Type: typ, Task: task, Run: run}
}

func done(task string) lastcall.Event { return event(lastcall.TaskSucceeded, task, 1) }

// several are the ends of n tasks.
func several(n int) []lastcall.Event {
	events := make([]lastcall.Event, n)
	for i := range events {
		events[i] = done(fmt.Sprint("task-", i))
	}
	return events
}

func state(h *hub.Hub, client string, typ lastcall.EventType, task string, run int64, data string) {
	st := lastcall.State{Task: task, Type: typ, Run: run, Data: json.RawMessage(data)}
	h.Moved([]lastcall.Hint{{Client: client, Task: task, State: &st}})
}
