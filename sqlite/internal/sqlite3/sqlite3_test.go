package sqlite3

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func open(tb testing.TB) *Conn {
	tb.Helper()
	c, err := Open(filepath.Join(tb.TempDir(), "test.db"), time.Second)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Error(err)
		}
	})
	return c
}

// Values come back as they went in, whatever their length: in the arena of the statement, at its end, and beyond it.
func TestValuesComeBackAsTheyWentIn(t *testing.T) {
	c := open(t)
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_901_000, time.UTC)
	for _, n := range []int{0, 1, 100, arenaSize - 1, arenaSize, arenaSize + 1, 1 << 20} {
		text, blob := strings.Repeat("x", n), bytes.Repeat([]byte{0, 255}, n/2)
		st := c.Stmt("SELECT ?, ?, ?, ?, ?, ?, ?").
			Text(text).Bytes(blob).Int(-1 << 62).Bool(true).Time(at).Null().TextOrNull("")
		if row, err := st.Step(); !row || err != nil {
			t.Fatal(row, err)
		}
		if st.ColText(0) != text || !st.ColEqual(0, text) || !bytes.Equal(st.ColBytes(1), blob) || st.ColBytes(1) == nil ||
			st.ColLen(0) != n || st.ColInt(2) != -1<<62 || !st.ColBool(3) || !st.ColTime(4).Equal(at) ||
			!st.ColTimePtr(4).Equal(at) || st.ColTimePtr(5) != nil || !st.ColNull(6) || st.ColBytes(5) != nil {
			t.Errorf("%d bytes came back as something else", n)
		}
		st.Reset()
	}
}

// A mistake is told by the step that follows it, whichever call it was made in.
func TestMistakesAreToldByTheStep(t *testing.T) {
	c := open(t)
	if _, err := c.Stmt("SELECT nonsense FROM nowhere").Int(1).Text("x").Step(); KindOf(err) != Statement {
		t.Errorf("a statement that cannot be prepared: %v", err)
	}
	if _, err := c.Stmt("SELECT ?").Int(1).Int(2).Step(); KindOf(err) != Statement {
		t.Errorf("an argument too many: %v", err)
	}
	st := c.Stmt("SELECT ?").Int(7)
	if row, err := st.Step(); !row || err != nil || st.ColInt(0) != 7 {
		t.Errorf("the statement after the mistake: %v", err)
	}
}

// Kinds tell whom an error concerns.
func TestKindsOfErrors(t *testing.T) {
	c := open(t)
	if err := c.Exec("CREATE TABLE t (a INTEGER NOT NULL, b BLOB) STRICT; -- and a comment"); err != nil {
		t.Fatal(err)
	}
	if err := c.Exec("INSERT INTO t (a) VALUES (NULL)"); KindOf(err) != Statement {
		t.Errorf("a constraint: %v", err)
	}
	if err := c.Exec("PRAGMA max_page_count = 3; INSERT INTO t (a, b) VALUES (1, zeroblob(100000))"); KindOf(err) != Full {
		t.Errorf("a full file: %v", err)
	}
	if KindOf(nil) != None {
		t.Error("nil is an error")
	}
}

// Of two connections that want to write, the second is told so when it has waited long enough.
func TestALockedFileIsBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	a, err := Open(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Exec("BEGIN IMMEDIATE"); err != nil || !a.InTransaction() {
		t.Fatal(err)
	}
	if err := b.Exec("BEGIN IMMEDIATE"); KindOf(err) != Busy {
		t.Errorf("got %v", err)
	}
	for _, c := range []*Conn{a, b} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Pages are counted as they go to the log, and a checkpoint says whether it moved them all.
func TestPagesWrittenAndCheckpoint(t *testing.T) {
	c := open(t)
	if err := c.Exec("PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if n := c.PagesWritten(); n < 2 {
		t.Errorf("%d pages", n)
	}
	if n := c.PagesWritten(); n != 0 {
		t.Errorf("%d pages since", n)
	}
	for _, mode := range []int32{Passive, Truncate} {
		if all, err := c.Checkpoint(mode); !all || err != nil {
			t.Errorf("checkpoint %d: %v, %v", mode, all, err)
		}
	}
}

// What cannot be opened is an error, not a connection.
func TestOpenFails(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "missing", "test.db"), 0); KindOf(err) != Broken {
		t.Errorf("got %v", err)
	}
	if VersionNumber() < 3_051_003 {
		t.Errorf("version %d", VersionNumber())
	}
}

// A statement that would run for ever is ended by another goroutine, and the connection goes on.
func TestInterrupt(t *testing.T) {
	c := open(t)
	done := make(chan struct{})
	go func() { // ends when the statement has
		for {
			select {
			case <-done:
				return
			default:
				c.Interrupt()
			}
		}
	}()
	err := c.Exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
	done <- struct{}{}
	if !IsInterrupted(err) {
		t.Fatalf("got %v", err)
	}
	if err := c.Exec("SELECT 1"); err != nil {
		t.Fatal(err)
	}
}
