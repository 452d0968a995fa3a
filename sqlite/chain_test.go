package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// told lists the places of a task's events.
func told(tb testing.TB, s *Store, id string) (places []int64) {
	tb.Helper()
	_, events, err := s.TaskEvents(tb.Context(), id)
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range events {
		places = append(places, e.Seq)
	}
	return places
}

// handBack lets a node start a task and hand it back: an event.
func handBack(tb testing.TB, s *Store, node string) {
	tb.Helper()
	task := claimOne(tb, s, node, "a")
	o := lastcall.Outcome{Task: task.ID, Run: task.Run, Verdict: lastcall.Release, Reason: lastcall.ReleaseDrain}
	if _, err := s.Settle(tb.Context(), o); err != nil {
		tb.Fatal(err)
	}
}

// A mailbox may be forgotten, and made anew with new numbers, while a task whose events stood in it lives on. What the
// task remembers of the old one leads to nothing of another's, and never round in a circle.
func TestAChainThatLeadsIntoAnotherLifeOfTheMailboxEnds(t *testing.T) {
	s := testStore(t)
	node := join(t, s, "node")
	task := submitOne(t, s, lastcall.Submission{Type: "a", Client: "alice"})
	for range 3 {
		handBack(t, s, node)
	}
	if got := told(t, s, task.ID); fmt.Sprint(got) != "[1 2 3]" {
		t.Fatalf("told %v", got)
	}
	rewrite(t, s, "DELETE FROM events; DELETE FROM mailboxes")
	if got := told(t, s, task.ID); got != nil {
		t.Fatalf("without a mailbox, told %v", got)
	}
	for range 2 {
		other := submitOne(t, s, lastcall.Submission{Type: "b", Client: "alice"})
		if _, err := s.Cancel(t.Context(), other.ID); err != nil {
			t.Fatal(err)
		}
	}
	if got := told(t, s, task.ID); got != nil {
		t.Fatalf("in a new mailbox, told %v", got)
	}
	for i, want := range []string{"[3]", "[3 4]"} { // the first names 3, its own place, as the one before it
		handBack(t, s, node)
		if got := told(t, s, task.ID); fmt.Sprint(got) != want {
			t.Fatalf("after %d more events, told %v, want %s", i+1, got, want)
		}
	}
}

// G5: a store of version 1 is brought on, and the events that it holds are found by their tasks.
func TestTheEventsOfAnOlderSchemaAreChained(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	older(t, path, 1)
	c, err := sqlite3.Open(path, busyWait)
	if err != nil {
		t.Fatal(err)
	}
	first, second := taskID{15: 1}, taskID{15: 2}
	for _, id := range []taskID{first, second} {
		insert := c.Stmt(`INSERT INTO tasks (id, status, type, queue, client, created_at, run_at, order_key, max_attempts)
			VALUES (?, 3, 'a', 'default', 'alice', 1, 1, 1, 5)`)
		if err := insert.Bytes(id[:]).Run(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Exec("INSERT INTO mailboxes (id, client, epoch, head, used_at) VALUES (7, 'alice', 'E', 5, 1)"); err != nil {
		t.Fatal(err)
	}
	for i, of := range []taskID{first, second, second, first, second} {
		insert := c.Stmt("INSERT INTO events (mailbox, seq, id, type, task, run, attempt, at, data) VALUES (7, ?, ?, 4, ?, 1, 1, 1, x'7b7d')")
		if err := insert.Int(int64(i + 1)).Bytes(first[:]).Bytes(of[:]).Run(); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, path)
	defer s.Close()
	if a, b := fmt.Sprint(told(t, s, first.String())), fmt.Sprint(told(t, s, second.String())); a != "[1 4]" || b != "[2 3 5]" {
		t.Fatalf("told %s and %s", a, b)
	}
}

// older makes a file of an earlier version of the schema.
func older(t *testing.T, path string, version int) {
	t.Helper()
	c, err := openWriter(path)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := schemaFiles.ReadDir("schema")
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range steps[:version] {
		text, err := schemaFiles.ReadFile("schema/" + step.Name())
		if err != nil {
			t.Fatal(err)
		}
		if err := migrateStep(c, string(text), i+1); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}
