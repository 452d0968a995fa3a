package storetest

import (
	"reflect"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lastcall-dev/lastcall"
)

// taskEvents reads the events about a task, with its client's mailbox.
func (f *fixture) taskEvents(t lastcall.Task) (lastcall.Mailbox, []lastcall.Event) {
	f.Helper()
	box, events, err := f.store.TaskEvents(f.ctx, t.ID)
	f.must(err)
	return box, events
}

// However the events of tasks and clients are mixed, each task's own are found, and the mailbox's head is that of the
// same moment. (That they are the ones that the mailbox holds is compared by every case that looks at events.)
func taskEventsAreItsOwn(f *fixture) {
	n := f.node()
	var all []lastcall.Task
	for range 4 {
		for _, client := range []string{"alice", "bob"} {
			all = append(all, f.submitOne(lastcall.Submission{Type: "a", Client: client, MaxAttempts: 9}))
		}
	}
	for range 3 {
		for _, t := range n.claim(len(all), "a") {
			n.settle(release(t))
		}
	}
	for _, t := range all {
		f.cancel(t.ID)
		f.wantEvents(t, lastcall.TaskInterrupted, lastcall.TaskInterrupted, lastcall.TaskInterrupted, lastcall.TaskCanceled)
		box, _ := f.taskEvents(t)
		if want, _ := f.mailbox(t.Client); box != want {
			f.Fatalf("with a task's events came the mailbox %+v, want %+v", box, want)
		}
	}
}

// A task that nothing was told of has no events; and its client, if it was never told anything, no mailbox: none is made
// for it.
func taskEventsOfNothing(f *fixture) {
	t := f.submitOne(lastcall.Submission{Type: "a", Client: "alice"})
	box, events := f.taskEvents(t)
	if box != (lastcall.Mailbox{Client: "alice", Oldest: 1}) || len(events) != 0 {
		f.Fatalf("a task without events has %+v with %+v", box, events)
	}
	want := f.openMailbox(f.store, "alice")
	if box, events = f.taskEvents(t); box != want || len(events) != 0 {
		f.Fatalf("a task without events has %+v with %+v, want %+v", box, events, want)
	}
}

// What has expired is left out, and what comes after it is found.
func taskEventsThatExpired(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a", Client: "alice"})
	n.settle(release(t))
	f.eventually("the event was forgotten", func() bool {
		f.sweepWith(lastcall.Sweep{KeepEvents: time.Microsecond})
		return len(f.events("alice")) == 0
	})
	box, events := f.taskEvents(t)
	if len(events) != 0 || box.Oldest != 2 || box.Head != 1 {
		f.Fatalf("when all has expired the task has %+v in %+v", events, box)
	}
	f.cancel(t.ID)
	f.wantEvents(t, lastcall.TaskCanceled)
}

// wantTaskEvents compares the events about a task with those of its client's mailbox that are.
func (f *fixture) wantTaskEvents(t lastcall.Task, want []lastcall.Event) {
	f.Helper()
	same := func(a, b lastcall.Event) bool { return reflect.DeepEqual(a, b) } // cmp takes seconds for megabytes of Data
	if _, got := f.taskEvents(t); !slices.EqualFunc(got, want, same) {
		f.Fatalf("the events about the task are not those of the mailbox (-mailbox +task):\n%s", cmp.Diff(want, got))
	}
}
