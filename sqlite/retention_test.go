package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

func keyed(key, digest string) lastcall.Submission {
	s := oneOf("a")
	s.Idempotency = &lastcall.IdempotencyKey{Scope: "alice", Key: key, Digest: digest}
	return s
}

// rows counts the rows of a table.
func rows(tb testing.TB, s *Store, table string) (n int64) {
	tb.Helper()
	err := s.read(tb.Context(), "test", func(v view) error {
		st := v.conn.Stmt("SELECT count(*) FROM " + table)
		defer st.Reset()
		_, err := st.Step()
		n = st.ColInt(0)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// An idempotency key is forgotten after its window, swept or not.
func TestKeysAreForgottenAfterTheirWindow(t *testing.T) {
	s := testStore(t)
	first := submitOne(t, s, keyed("k", "1"))
	if again := submitOne(t, s, keyed("k", "1")); again.ID != first.ID {
		t.Fatal("a known key made a new task")
	}
	rewrite(t, s, fmt.Sprintf("UPDATE idempotency SET at = at - %d", lastcall.IdempotencyWindow.Microseconds()))
	second := submitOne(t, s, keyed("k", "2"))
	if second.ID == first.ID {
		t.Fatal("a forgotten key was known")
	}
	rewrite(t, s, fmt.Sprintf("UPDATE idempotency SET at = at - %d", lastcall.IdempotencyWindow.Microseconds()))
	sweep(t, s, join(t, s, "node"))
	if n := rows(t, s, "idempotency"); n != 0 {
		t.Fatalf("%d keys are left", n)
	}
}

// A task that is forgotten before its key takes the key with it.
func TestAKeyOfAForgottenTaskMakesANewOne(t *testing.T) {
	s := testStore(t)
	first := submitOne(t, s, keyed("k", "1"))
	rewrite(t, s, "DELETE FROM tasks")
	if again := submitOne(t, s, keyed("k", "1")); again.ID == first.ID {
		t.Fatal("a task that is not there was answered")
	}
}

// The walk goes on where it stopped and reaches what lies behind any number of rows that stay.
func TestTheWalkReachesWhatLiesBehindManyThatStay(t *testing.T) {
	s := testStore(t)
	haystack(t, s, "00", walkRows+10)
	node := join(t, s, "node")
	submitOne(t, s, oneOf("goes"))
	task := claimOne(t, s, node, "goes")
	if _, err := s.Settle(t.Context(), lastcall.Outcome{Task: task.ID, Run: task.Run, Verdict: lastcall.Succeed}); err != nil {
		t.Fatal(err)
	}
	forgotten := 0
	for range 3 {
		did, err := s.Sweep(t.Context(), lastcall.Sweep{
			Incarnation: node, MaxCrashes: 3, KeepTasks: -time.Hour, KeepEvents: time.Hour, Limit: 100,
		})
		if err != nil {
			t.Fatal(err)
		}
		forgotten += did.Forgotten
	}
	if forgotten != 1 {
		t.Fatalf("%d were forgotten, want 1", forgotten)
	}
}

// The parts of a task that stand elsewhere go with it, and the checkpoint goes when it ends.
func TestPartsGoWithTheirTask(t *testing.T) {
	s := testStore(t)
	node := join(t, s, "node")
	long := []byte(`"` + strings.Repeat("x", 3*partInline) + `"`)
	submitOne(t, s, lastcall.Submission{Type: "a", Input: long})
	task := claimOne(t, s, node, "a")
	if err := s.Save(t.Context(), lastcall.Note{Task: task.ID, Run: task.Run, Checkpoint: long}); err != nil {
		t.Fatal(err)
	}
	if n := rows(t, s, "task_parts"); n != 2 {
		t.Fatalf("%d parts, want the input and the checkpoint", n)
	}
	o := lastcall.Outcome{Task: task.ID, Run: task.Run, Verdict: lastcall.Succeed, Output: long}
	if _, err := s.Settle(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if n := rows(t, s, "task_parts"); n != 2 {
		t.Fatalf("%d parts, want the input and the output", n)
	}
	_, err := s.Sweep(t.Context(), lastcall.Sweep{Incarnation: node, MaxCrashes: 3, KeepTasks: -time.Hour, KeepEvents: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if n := rows(t, s, "task_parts"); n != 0 {
		t.Fatalf("%d parts are left", n)
	}
}

// G2: also where nobody has read it, a long checkpoint goes when its task ends.
func TestALongCheckpointGoesWithACrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	a, b := openAt(t, path), openAt(t, path)
	defer b.Close()
	victim := join(t, a, "victim")
	submitOne(t, a, oneOf("a"))
	task := claimOne(t, a, victim, "a")
	checkpoint := make([]byte, 3*partInline)
	if err := a.Save(t.Context(), lastcall.Note{Task: task.ID, Run: task.Run, Checkpoint: checkpoint}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Cancel(t.Context(), task.ID); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	sweep(t, b, join(t, b, "other"))
	if ended, err := b.Task(t.Context(), task.ID); err != nil || ended.Status != lastcall.Canceled || ended.Checkpoint != nil {
		t.Fatalf("the task is %+v, %v", ended, err)
	}
	if n := rows(t, b, "task_parts"); n != 0 {
		t.Fatalf("%d parts are left", n)
	}
}

// A mailbox goes when it is empty and its client has not been here for 90 days; a client that comes back sees by the
// new epoch that it is another.
func TestUnusedMailboxesAreForgotten(t *testing.T) {
	s := testStore(t)
	node := join(t, s, "node")
	before, err := s.OpenMailbox(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	sweep(t, s, node)
	if n := rows(t, s, "mailboxes"); n != 1 {
		t.Fatal("a mailbox in use was forgotten")
	}
	rewrite(t, s, fmt.Sprintf("UPDATE mailboxes SET used_at = used_at - %d", lastcall.MailboxKept.Microseconds()))
	sweep(t, s, node)
	if n := rows(t, s, "mailboxes"); n != 0 {
		t.Fatal("an unused mailbox was kept")
	}
	after, err := s.OpenMailbox(t.Context(), "alice")
	if err != nil || after.Epoch == before.Epoch {
		t.Fatalf("the new mailbox is %+v, %v; the old one was %+v", after, err, before)
	}
}

// Opening a mailbox counts as use, though it seldom writes.
func TestAnOpenedMailboxIsInUse(t *testing.T) {
	s := testStore(t)
	node := join(t, s, "node")
	if _, err := s.OpenMailbox(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	commits := s.writer.commits.Load()
	if _, err := s.OpenMailbox(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if s.writer.commits.Load() != commits {
		t.Error("opening it twice wrote twice")
	}
	rewrite(t, s, fmt.Sprintf("UPDATE mailboxes SET used_at = used_at - %d", lastcall.MailboxKept.Microseconds()))
	if _, err := s.OpenMailbox(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	sweep(t, s, node)
	if n := rows(t, s, "mailboxes"); n != 1 {
		t.Fatal("a mailbox that was just opened was forgotten")
	}
}

// Names of queues cost nothing for ever: one that has been empty for a day is forgotten, one with tasks is not.
func TestEmptyQueuesAreForgotten(t *testing.T) {
	s := testStore(t)
	node := join(t, s, "node")
	full, empty := oneOf("a"), oneOf("a")
	full.Queue, empty.Queue = "full", "empty"
	submitOne(t, s, full)
	if _, err := s.Cancel(t.Context(), submitOne(t, s, empty).ID); err != nil {
		t.Fatal(err)
	}
	rewrite(t, s, fmt.Sprintf("UPDATE queues SET used_at = used_at - %d", 2*lastcall.QueueKept.Microseconds()))
	sweep(t, s, node)
	queues, err := s.Queues(t.Context())
	if err != nil || len(queues) != 1 || queues[0].Name != "full" {
		t.Fatalf("the queues are %+v, %v", queues, err)
	}
}

// Nodes that are gone are listed for a day.
func TestGoneNodesAreForgottenAfterADay(t *testing.T) {
	s := testStore(t)
	node, gone := join(t, s, "stays"), join(t, s, "goes")
	if err := s.Leave(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	rewrite(t, s, fmt.Sprintf("UPDATE nodes SET seen_at = seen_at - %d", lastcall.NodeKept.Microseconds()))
	sweep(t, s, node)
	if n := rows(t, s, "nodes"); n != 1 {
		t.Fatalf("%d nodes are left", n)
	}
}

// A queue that is paused is kept in mind for as long as it is, empty or not.
func TestAPausedQueueIsNotForgotten(t *testing.T) {
	s := testStore(t)
	node := join(t, s, "node")
	if _, err := s.PauseQueue(t.Context(), "q", true); err != nil {
		t.Fatal(err)
	}
	long := lastcall.QueueKept + time.Minute
	for _, want := range []int64{1, 0} {
		rewrite(t, s, fmt.Sprintf("UPDATE queues SET used_at = used_at - %d", long.Microseconds()))
		sweep(t, s, node)
		if n := rows(t, s, "queues"); n != want {
			t.Fatalf("%d queues are left, want %d", n, want)
		}
		if _, err := s.PauseQueue(t.Context(), "q", false); err != nil {
			t.Fatal(err)
		}
	}
}

// Retention makes no long deletes: whatever a sweep may do, it forgets a portion, and says that there is more. The room
// in the file is used again.
func TestASweepForgetsAPortionAndItsRoomIsUsedAgain(t *testing.T) {
	const many = 20 * forgetMost
	s := testStore(t)
	node := join(t, s, "node")
	var grown [2]int64
	for i := range grown {
		fill(t, s, "a", many)
		var wg sync.WaitGroup
		for _, task := range listAll(t, s) {
			wg.Go(func() { // all at once: they share their commits
				if _, err := s.Cancel(t.Context(), task); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		grown[i] = pages(t, s, "page_count")
		for more := true; more; {
			did, err := s.Sweep(t.Context(), lastcall.Sweep{
				Incarnation: node, MaxCrashes: 3, KeepTasks: -time.Hour, KeepEvents: -time.Hour, Limit: many,
			})
			if err != nil {
				t.Fatal(err)
			}
			if did.Forgotten > 2*forgetMost {
				t.Fatalf("one sweep forgot %d tasks and events", did.Forgotten)
			}
			more = did.More
		}
		if tasks, events := rows(t, s, "tasks"), rows(t, s, "events"); tasks+events != 0 {
			t.Fatalf("%d tasks and %d events are left and nobody is told", tasks, events)
		}
	}
	if grown[1] > grown[0]+grown[0]/20 {
		t.Fatalf("the same again has let the file grow from %d to %d pages", grown[0], grown[1])
	}
}

// listAll lists the ids of all tasks.
func listAll(tb testing.TB, s *Store) (ids []string) {
	tb.Helper()
	err := s.read(tb.Context(), "test", func(v view) error {
		found, err := listIDs(v.conn.Stmt("SELECT id FROM tasks"))
		for _, id := range found {
			ids = append(ids, id.String())
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return ids
}

// pages is a count of pages that SQLite keeps.
func pages(tb testing.TB, s *Store, name string) (n int64) {
	tb.Helper()
	err := s.read(tb.Context(), "test", func(v view) error {
		st := v.conn.Stmt("PRAGMA " + name)
		defer st.Reset()
		_, err := st.Step()
		n = st.ColInt(0)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
