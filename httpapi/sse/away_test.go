package sse_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/sse"
)

// G5: a browser that is answered with anything but 200 gives up for good, and the moment's events would never reach it.
func TestAStreamIsNotRefusedForWantOfTheStore_G5(t *testing.T) {
	for _, err := range []error{
		lastcall.Errorf(lastcall.CodeStoreUnavailable, "away"), fmt.Errorf("read: %w", context.DeadlineExceeded),
	} {
		for _, path := range []string{"/events?client=alice", "/task?id=x"} {
			n := start(t, sse.Options{})
			n.store.Put(task(lastcall.Running, 1))
			n.store.Fail(err)
			r := n.open(path, "")
			if r.resp.StatusCode != http.StatusOK || r.resp.Header.Get("Content-Type") != "text/event-stream" {
				t.Fatalf("%s: answered %d %v", path, r.resp.StatusCode, r.resp.Header)
			}
			if m, err := r.read(); err == nil || m.name != "" || m.retry < time.Second || m.retry > 3*time.Second {
				t.Errorf("%s: %+v, %v, want a time to come back at", path, m, err)
			}
			r.ends()
			n.store.Fail(nil)
			if again := n.open(path, ""); again.resp.StatusCode != http.StatusOK {
				t.Errorf("%s: answered %d when it was back", path, again.resp.StatusCode)
			} else if m, err := again.read(); err != nil || m.name == "" {
				t.Errorf("%s: %+v, %v when it was back", path, m, err)
			}
		}
	}
}

// counting is a store that counts how often the events of a task are read.
type counting struct {
	lastcall.Store
	reads atomic.Int64
}

func (c *counting) TaskEvents(ctx context.Context, id string) (lastcall.Mailbox, []lastcall.Event, error) {
	c.reads.Add(1)
	return c.Store.TaskEvents(ctx, id)
}

// A task that is interrupted over and over has ever more events, and all of them are read whenever there may be another.
func TestATaskOfManyEventsIsNotReadAtEveryChange(t *testing.T) {
	store := &counting{}
	n := start(t, sse.Options{Store: store})
	store.Store = n.store
	interrupted := lastcall.Event{Type: lastcall.TaskInterrupted, Task: "x", Run: 1}
	for range 20_000 { // a rest of pollEvery
		n.store.Write("alice", interrupted)
	}
	n.store.Put(task(lastcall.Queued, 0))
	r := n.open("/task?id=x", "")
	r.expect("state")
	n.store.Write("alice", interrupted)
	n.put(task(lastcall.Queued, 1))
	r.skipTo("task.interrupted")
	before := store.reads.Load()
	for run := range int64(50) {
		n.store.Write("alice", interrupted)
		n.put(task(lastcall.Queued, run+2))
		<-time.After(time.Millisecond) // so that each is a change of its own
	}
	for range 50 {
		r.skipTo("task.interrupted")
	}
	if got := store.reads.Load() - before; got > 10 {
		t.Errorf("read %d times for 50 changes", got)
	}
	n.store.Write("alice", succeeded("x"))
	began := time.Now()
	n.put(task(lastcall.Succeeded, 51))
	r.skipTo("task.succeeded") // its end is told without a rest
	if took := time.Since(began); took > 700*time.Millisecond {
		t.Errorf("told of its end after %s", took)
	}
	r.expect("end")
}

// skipTo reads on to an event of the given type, past how the task stood in between.
func (r *reader) skipTo(name string) {
	r.t.Helper()
	m, err := r.read()
	for err == nil && m.name == "task.queued" {
		m, err = r.read()
	}
	if err != nil || m.name != name {
		r.t.Fatalf("got %+v, %v, want a %s", m, err, name)
	}
}
