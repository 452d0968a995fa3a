package sqlite

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
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

// spine is a process of version 1 of the schema, as far as it writes tasks and events.
type spine struct {
	t    *testing.T
	conn *sqlite3.Conn
	head int64
}

// newSpine makes a file of version 1 and opens it.
func newSpine(t *testing.T, path string) *spine {
	t.Helper()
	older(t, path, 1)
	c, err := openWriter(path)
	if err != nil {
		t.Fatal(err)
	}
	p := &spine{t: t, conn: c}
	p.exec("INSERT INTO mailboxes (id, client, epoch, used_at) VALUES (7, 'alice', 'E', 1)")
	return p
}

func (p *spine) exec(sql string) {
	p.t.Helper()
	if err := p.conn.Exec(sql); err != nil {
		p.t.Fatal(err)
	}
}

func (p *spine) close() {
	p.t.Helper()
	if err := p.conn.Close(); err != nil {
		p.t.Fatal(err)
	}
}

// submit makes a task of alice's that was created that many microseconds after 1970.
func (p *spine) submit(id taskID, at int64) {
	p.t.Helper()
	p.run(p.conn.Stmt(`INSERT INTO tasks (id, status, type, queue, client, created_at, run_at, order_key, max_attempts)
		VALUES (?, 1, 'a', 'default', 'alice', ?, 1, 1, 5)`).Bytes(id[:]).Int(at))
}

// tell writes an event about a task, at the time of its place.
func (p *spine) tell(id taskID) {
	p.t.Helper()
	p.head++
	p.run(p.conn.Stmt("INSERT INTO events (mailbox, seq, id, type, task, run, attempt, at, data) VALUES (7, ?1, ?2, 4, ?2, 1, 1, ?1, x'7b7d')").
		Int(p.head).Bytes(id[:]))
	p.run(p.conn.Stmt("UPDATE mailboxes SET head = ? WHERE id = 7").Int(p.head))
	p.run(p.conn.Stmt("UPDATE tasks SET attempt = attempt + 1 WHERE id = ?").Bytes(id[:]))
}

// tellOthers writes n events about tasks that are gone.
func (p *spine) tellOthers(n int64) {
	p.t.Helper()
	p.exec(fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO events (mailbox, seq, id, type, task, run, attempt, at, data)
		SELECT 7, i, randomblob(16), 0, randomblob(16), 1, 1, i, x'7b7d' FROM n`, p.head+1, p.head+n))
	p.head += n
	p.run(p.conn.Stmt("UPDATE mailboxes SET head = ? WHERE id = 7").Int(p.head))
}

func (p *spine) run(st *sqlite3.Stmt) {
	p.t.Helper()
	if err := st.Run(); err != nil {
		p.t.Fatal(err)
	}
}

// wantTold compares the places of a task's events, in whatever way they are found.
func wantTold(t *testing.T, s *Store, id taskID, want ...int64) {
	t.Helper()
	if got := told(t, s, id.String()); !slices.Equal(got, want) {
		t.Errorf("of task %d told %v, want %v", id[15], got, want)
	}
}

// G5: a store of version 1 is brought on, and the events that it holds are found by their tasks, however many stand
// between them.
func TestTheEventsOfAnOlderSchemaAreFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	old := newSpine(t, path)
	first, second, third := taskID{15: 1}, taskID{15: 2}, taskID{15: 3}
	for _, id := range []taskID{first, second, third} {
		old.submit(id, 1)
	}
	for _, id := range []taskID{first, second, second, first, second} {
		old.tell(id)
	}
	old.tellOthers(2*searchRows + 5)
	old.tell(first)
	old.close()
	s := openAt(t, path)
	defer s.Close()
	wantTold(t, s, first, 1, 4, old.head)
	wantTold(t, s, second, 2, 3, 5)
	wantTold(t, s, third)
	wantSound(t, s)
}

// Of a mailbox with a long past only what it holds of the task's lifetime is looked through.
func TestEventsAreLookedForInTheTasksLifetime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	old := newSpine(t, path)
	old.tellOthers(100)
	old.exec("UPDATE events SET at = seq * 60000000") // a minute apart
	id := taskID{15: 1}
	old.submit(id, 50*60_000_000)
	old.exec("UPDATE tasks SET status = 3, finished_at = 70 * 60000000")
	old.close()
	s := openAt(t, path)
	defer s.Close()
	err := s.read(t.Context(), "test", func(v view) error {
		c, err := v.chain(id.String())
		if c.from != 49 || c.to != 71 { // a minute before, and up to one after
			t.Errorf("would look from %d to before %d", c.from, c.to)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// G5: a process of version 1 goes on writing to a file that a newer one has brought on, and both by turns about the same
// tasks: each task's events are found, those that are chained and those that are not.
func TestAnOlderProcessWritesOnBesideANewerOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	old := newSpine(t, path)
	defer old.close()
	before, meanwhile := taskID{15: 1}, taskID{15: 2}
	old.submit(before, now().UnixMicro())
	old.tell(before)
	s := openAt(t, path)
	defer s.Close()
	old.submit(meanwhile, now().UnixMicro())
	for range 2 {
		old.tell(before)
		old.tell(meanwhile)
	}
	old.exec(fmt.Sprintf("UPDATE events SET at = %d", now().UnixMicro()))
	wantTold(t, s, before, 1, 2, 4)
	wantTold(t, s, meanwhile, 3, 5)
	for _, id := range []taskID{before, meanwhile} {
		if _, err := s.Cancel(t.Context(), id.String()); err != nil {
			t.Fatal(err)
		}
	}
	wantTold(t, s, before, 1, 2, 4, 6)
	wantTold(t, s, meanwhile, 3, 5, 7)
	old.head = 7
	old.tell(before)
	wantTold(t, s, before, 1, 2, 4, 6, 8)
	fresh := submitOne(t, s, lastcall.Submission{Type: "b", Client: "alice"})
	key, _ := column.ParseID(fresh.ID)
	old.tell(key) // as a sweep of its would
	if got := told(t, s, fresh.ID); fmt.Sprint(got) != "[9]" {
		t.Errorf("of a task of the newer, told %v", got)
	}
	wantChained(t, s, key)
}

// wantChained fails the test if a task's events would have to be looked for.
func wantChained(t *testing.T, s *Store, id taskID) {
	t.Helper()
	err := s.read(t.Context(), "test", func(v view) error {
		c, err := v.chain(id.String())
		if c.to != 0 {
			t.Errorf("the events of task %s are looked for before %d", id, c.to)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A file is brought on in the same moment whatever it holds: an older process that serves it waits for no more than a
// batch.
func TestBringingAFileOnRewritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	old := newSpine(t, path)
	old.tellOthers(50_000)
	old.close()
	c, err := openWriter(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	began := time.Now()
	if err := migrate(c); err != nil {
		t.Fatal(err)
	}
	pages := c.PagesWritten()
	t.Logf("%d pages in %s", pages, time.Since(began))
	if pages > 20 {
		t.Errorf("%d pages were written beside 50,000 events", pages)
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
