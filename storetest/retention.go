package storetest

import (
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Only what is finished is ever forgotten, whatever its age.
func retentionOfTasks(f *fixture) {
	n := f.node()
	running := n.run(lastcall.Submission{Type: "r"})
	queued := f.submitOne(lastcall.Submission{Type: "q"})
	later := f.submitOne(lastcall.Submission{Type: "q", Delay: time.Hour})
	const many = 30
	all := f.submitMany(many, lastcall.Submission{Type: "a"})
	for _, t := range n.claim(many, "a") {
		n.settle(succeed(t, "1"))
	}
	if did := f.sweep(); did.Forgotten != 0 {
		f.Fatalf("%d were forgotten within their retention", did.Forgotten)
	}
	forgetting := lastcall.Sweep{KeepTasks: time.Microsecond, Limit: 7}
	forgotten := 0
	f.eventually("what is finished was forgotten", func() bool {
		forgotten += f.sweepWith(forgetting).Forgotten
		return len(f.list(lastcall.Filter{Status: []lastcall.Status{lastcall.Succeeded}})) == 0
	})
	if forgotten != many {
		f.Fatalf("the sweeps counted %d forgotten tasks, want %d", forgotten, many)
	}
	_, err := f.store.Task(f.ctx, all[0].ID)
	f.wantCode(err, lastcall.CodeNotFound)
	f.wantIDs(f.list(lastcall.Filter{}), later, queued, running)
	if _, events := f.mailbox(lastcall.DefaultClient); len(events) != many {
		f.Fatalf("%d events are left of %d forgotten tasks, within the events' own retention", len(events), many)
	}
	_, err = n.store.Settle(f.ctx, succeed(all[0], "1"))
	f.wantCode(err, lastcall.CodeNotFound)
	f.must(n.store.Save(f.ctx, lastcall.Note{Task: running.ID, Run: running.Run, Checkpoint: []byte("x")}))
}

// What has expired is missed by nobody unknowingly: the mailbox says from where on it is whole, and its numbers and its
// epoch go on (G5).
func retentionOfEvents(f *fixture) {
	box := f.filled(20)
	forgetting := lastcall.Sweep{KeepEvents: time.Microsecond, Limit: 7}
	f.eventually("the events were forgotten", func() bool {
		f.sweepWith(forgetting)
		return f.openMailbox(f.store, "alice").Oldest == 21
	})
	got, events := f.mailbox("alice")
	if got.Epoch != box.Epoch || got.Head != 20 || got.Oldest != 21 || len(events) != 0 {
		f.Fatalf("with all events expired the mailbox is %+v with %d events", got, len(events))
	}
	if at, gap := got.Resume(lastcall.Cursor{Epoch: box.Epoch, Seq: 5}); gap == nil || gap.From != 6 || gap.To != 20 || at.Seq != 20 {
		f.Fatalf("a client at 5 goes on at %v after the gap %+v", at, gap)
	}
	t := f.submitOne(lastcall.Submission{Type: "a", Client: "alice"})
	f.cancel(t.ID)
	got, events = f.mailbox("alice")
	if len(events) != 1 || events[0].Seq != 21 || got.Oldest != 21 || got.Head != 21 {
		f.Fatalf("the next event made the mailbox %+v with %+v", got, events)
	}
	if again := f.openMailbox(f.handle(), "alice"); again != got {
		f.Fatalf("another node sees the mailbox %+v, want %+v", again, got)
	}
}

func retentionOfEventsOnly(f *fixture) {
	f.filled(5)
	tasks := f.list(lastcall.Filter{})
	f.eventually("the events were forgotten", func() bool {
		f.sweepWith(lastcall.Sweep{KeepEvents: time.Microsecond, Limit: 100})
		return len(f.events("alice")) == 0
	})
	f.wantIDs(f.list(lastcall.Filter{}), tasks...)
}
