package storetest

import (
	"slices"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// open opens a client's mailbox.
func (f *fixture) openMailbox(s lastcall.Store, client string) lastcall.Mailbox {
	f.Helper()
	box, err := s.OpenMailbox(f.ctx, client)
	f.must(err)
	return box
}

func mailboxIsMade(f *fixture) {
	_, _, err := f.store.Events(f.ctx, "alice", 0, 10)
	f.wantCode(err, lastcall.CodeNotFound)
	box := f.openMailbox(f.store, "alice")
	if box.Epoch == "" || box != (lastcall.Mailbox{Client: "alice", Epoch: box.Epoch, Oldest: 1}) {
		f.Fatalf("a new mailbox is %+v", box)
	}
	got, events := f.mailbox("alice")
	if got != box || len(events) != 0 {
		f.Fatalf("a new mailbox reads as %+v with %d events", got, len(events))
	}
	if bob := f.openMailbox(f.store, "bob"); bob.Epoch == box.Epoch {
		f.Fatalf("two mailboxes have the epoch %q", bob.Epoch)
	}
}

// A client that nobody has opened a mailbox for is told all the same, from the first event on.
func mailboxComesWithItsFirstEvent(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a", Client: "alice"})
	n.settle(succeed(t, "1"))
	box, events := f.mailbox("alice")
	if len(events) != 1 || box.Epoch == "" || box.Head != 1 || box.Oldest != 1 || box.Acked != 0 {
		f.Fatalf("after its first event the mailbox is %+v with %d events", box, len(events))
	}
	if again := f.openMailbox(f.store, "alice"); again != box {
		f.Fatalf("opened, it is %+v, want %+v", again, box)
	}
}

func mailboxSurvives(f *fixture) {
	h := f.handle()
	box := f.openMailbox(h, "alice")
	f.must(h.Close())
	if again := f.openMailbox(f.handle(), "alice"); again != box {
		f.Fatalf("after a restart the mailbox is %+v, want %+v", again, box)
	}
}

func mailboxOpenedByManyIsOne(f *fixture) {
	stores := []lastcall.Store{f.store, f.handle()}
	var (
		mu     sync.Mutex
		epochs = map[string]bool{}
	)
	f.together(16, func(i int) error {
		box, err := stores[i%2].OpenMailbox(f.ctx, "alice")
		mu.Lock()
		defer mu.Unlock()
		epochs[box.Epoch] = true
		return err
	})
	if len(epochs) != 1 {
		f.Fatalf("one mailbox was opened under the epochs %v", epochs)
	}
}

// filled is the mailbox of alice after n tasks of hers were canceled.
func (f *fixture) filled(n int) lastcall.Mailbox {
	f.Helper()
	for _, t := range f.submitMany(n, lastcall.Submission{Type: "a", Client: "alice"}) {
		f.cancel(t.ID)
	}
	box, _ := f.mailbox("alice")
	return box
}

func ackOnlyGrows(f *fixture) {
	box := f.filled(5)
	at := lastcall.Cursor{Epoch: box.Epoch}
	for _, step := range []struct{ ack, want int64 }{{0, 0}, {2, 2}, {1, 2}, {2, 2}, {4, 4}, {5, 5}, {3, 5}} {
		at.Seq = step.ack
		f.must(f.store.Ack(f.ctx, "alice", at))
		if got := f.openMailbox(f.store, "alice"); got.Acked != step.want || got.Head != 5 || got.Oldest != 1 {
			f.Fatalf("after an ack of %d the mailbox is %+v, want acked %d", step.ack, got, step.want)
		}
	}
	if got := f.openMailbox(f.handle(), "alice"); got.Acked != 5 {
		f.Fatalf("another node sees %d acknowledged, want 5", got.Acked)
	}
}

func ackNeverPastTheHead(f *fixture) {
	box := f.filled(3)
	f.must(f.store.Ack(f.ctx, "alice", lastcall.Cursor{Epoch: box.Epoch, Seq: 9}))
	if got := f.openMailbox(f.store, "alice"); got.Acked > 3 || got.Head != 3 {
		f.Fatalf("an ack past the head made the mailbox %+v", got)
	}
}

func ackOfAnotherLife(f *fixture) {
	f.filled(3)
	f.must(f.store.Ack(f.ctx, "alice", lastcall.Cursor{Epoch: "ANOTHERLIFE", Seq: 2}))
	if got := f.openMailbox(f.store, "alice"); got.Acked != 0 {
		f.Fatalf("an ack of another epoch made the mailbox %+v", got)
	}
	f.must(f.store.Ack(f.ctx, "nobody", lastcall.Cursor{Epoch: "ANOTHERLIFE", Seq: 2}))
	_, _, err := f.store.Events(f.ctx, "nobody", 0, 1)
	f.wantCode(err, lastcall.CodeNotFound)
}

func eventsInPages(f *fixture) {
	f.filled(25)
	_, all := f.mailbox("alice")
	for _, page := range []struct {
		after     int64
		limit, to int
	}{{0, 10, 10}, {0, 100, 25}, {7, 1, 8}, {20, 100, 25}, {24, 1, 25}, {25, 10, 25}, {99, 10, 99}} {
		box, events, err := f.store.Events(f.ctx, "alice", page.after, page.limit)
		f.must(err)
		if box.Head != 25 {
			f.Fatalf("the head is %d, want 25", box.Head)
		}
		if want := page.to - int(page.after); len(events) != want {
			f.Fatalf("%d events after %d with the limit %d, want %d", len(events), page.after, page.limit, want)
		}
		for i, e := range events {
			f.wantEvent(e, all[int(page.after)+i])
		}
	}
}

// A page of long events may be shorter than its limit, but it is not empty, and the next one goes on behind it.
func eventsOfAnySize(f *fixture) {
	const n = 12
	worker := f.node()
	f.submitMany(n, lastcall.Submission{Type: "a", Client: "alice", Input: big()})
	for _, t := range worker.claim(n, "a") {
		worker.settle(succeed(t, string(big())))
	}
	if _, events := f.mailbox("alice"); len(events) != n {
		f.Fatalf("%d events of 1 MiB can be read, want %d", len(events), n)
	}
	if all := f.list(lastcall.Filter{Client: "alice"}); len(all) != n {
		f.Fatalf("%d tasks of 2 MiB can be listed, want %d", len(all), n)
	}
}

func eventsHaveIDs(f *fixture) {
	f.filled(20)
	_, all := f.mailbox("alice")
	_, again := f.mailbox("alice")
	seen := map[string]bool{}
	for i, e := range all {
		if e.ID == "" || seen[e.ID] || again[i].ID != e.ID {
			f.Fatalf("event %d has the id %q, read again %q", e.Seq, e.ID, again[i].ID)
		}
		seen[e.ID] = true
		if e.At.Location() != time.UTC || !e.At.Equal(e.At.Truncate(time.Microsecond)) {
			f.Fatalf("event %d is of %v, not in UTC and microseconds", e.Seq, e.At)
		}
	}
}

func eventsOfOthersStayTheirs(f *fixture) {
	clients := []string{"alice", "Alice", "alice ", "%", "日本語"}
	var want []lastcall.Task
	for _, c := range clients {
		t := f.submitOne(lastcall.Submission{Type: "a", Client: c})
		f.cancel(t.ID)
		want = append(want, t)
	}
	for i, c := range clients {
		if _, events := f.mailbox(c); len(events) != 1 || events[0].Task != want[i].ID || events[0].Seq != 1 {
			f.Fatalf("the mailbox of %q holds %+v", c, events)
		}
	}
}

// What a call that is repeated, refused or without effect must not do is tell the client.
func eventsOnlyOfChanges(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a", Client: "alice"})
	f.cancel(t.ID)
	f.must(n.store.Save(f.ctx, lastcall.Note{Task: t.ID, Run: t.Run, Checkpoint: []byte("x")}))
	f.sweep()
	if got := f.events("alice"); len(got) != 0 {
		f.Fatalf("a start, a request to stop and a checkpoint wrote %+v", got)
	}
	n.settle(succeed(t, "1"))
	n.settle(succeed(t, "1"))
	n.settleLost(failForGood(t, "x"))
	f.cancel(t.ID)
	f.sweep()
	if got := f.events("alice"); len(got) != 1 {
		f.Fatalf("one success wrote %+v", got)
	}
}

// tail reads alice's mailbox as a subscriber does, until it has seen n events, and says what was wrong.
func (f *fixture) tail(s lastcall.Store, n int) error {
	seen := map[string]bool{}
	deadline := time.Now().Add(6 * f.patience)
	for after := int64(0); len(seen) < n; {
		if time.Now().After(deadline) {
			return errNoEnd
		}
		box, events, err := s.Events(f.ctx, "alice", after, 17)
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.Seq != after+1 || e.Seq > box.Head || seen[e.Task] {
				f.Errorf("event %d came after %d, with the head at %d", e.Seq, after, box.Head)
				return nil
			}
			after = e.Seq
			seen[e.Task] = true
			// The event is there: so is the change that it reports, for whoever looks now (G5).
			if t, err := s.Task(f.ctx, e.Task); err != nil || t.Status != lastcall.Succeeded {
				f.Errorf("told of the success of %s, which is %s, %v", e.Task, t.Status, err)
				return nil
			}
		}
	}
	return nil
}

// Sixteen settlers on two handles write to one mailbox while three readers follow it: nobody ever sees a gap, an event
// out of order, or an event whose change is not there (G5).
func orderUnderLoad(f *fixture) {
	const tasks, settlers = 160, 16
	f.submitMany(tasks, lastcall.Submission{Type: "a", Client: "alice"})
	f.openMailbox(f.store, "alice")
	nodes := []*node{f.node(), f.join(f.handle(), "node-b", longLease)}
	f.together(settlers+3, func(i int) error {
		n := nodes[i%2]
		if i >= settlers {
			return f.tail(n.store, tasks)
		}
		for {
			got, err := n.store.Claim(f.ctx, lastcall.Claim{Incarnation: n.incarnation, Max: 3, Want: []lastcall.Want{{Type: "a", Max: 3}}})
			if err != nil || len(got) == 0 {
				return err
			}
			for _, t := range got {
				if _, err := n.store.Settle(f.ctx, succeed(t, "1")); err != nil {
					return err
				}
				if !f.told(n.store, t.ID) {
					f.Errorf("task %s is settled, and its event is not there", t.ID)
				}
			}
		}
	})
	if box, events := f.mailbox("alice"); len(events) != tasks || box.Head != tasks {
		f.Fatalf("%d tasks ended, and the mailbox %+v holds %d events", tasks, box, len(events))
	}
}

// told reports whether alice's mailbox holds an event of the task.
func (f *fixture) told(s lastcall.Store, id string) bool {
	_, events, err := s.Events(f.ctx, "alice", 0, 1000)
	return err == nil && slices.ContainsFunc(events, func(e lastcall.Event) bool { return e.Task == id })
}
