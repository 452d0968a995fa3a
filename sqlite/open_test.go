package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// makeStore makes a store with some tasks, closes it, and returns its path.
func makeStore(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store.db")
	s := openAt(t, path)
	for range 500 {
		if _, err := s.Submit(t.Context(), submission("a")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// edit runs SQL on a file that no store has open.
func edit(t *testing.T, path, sql string) {
	t.Helper()
	c, err := sqlite3.Open(path, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Exec(sql); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// overwrite writes what belongs to no database over a file, from an offset on; a negative one counts from the end.
func overwrite(t *testing.T, path string, at int64) string {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if at < 0 {
		at += st.Size()
	}
	if _, err := f.WriteAt([]byte(strings.Repeat("no database ", 2000)), at); err != nil {
		t.Fatal(err)
	}
	return path
}

// edited makes a store and changes it by SQL.
func edited(t *testing.T, path, sql string) string {
	t.Helper()
	edit(t, path, sql)
	return path
}

// text makes a file of text.
func text(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(path, []byte(strings.Repeat("dear diary\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// cutShort makes a store and cuts its end off.
func cutShort(t *testing.T) string {
	t.Helper()
	path := makeStore(t)
	if err := os.Truncate(path, 8*4096); err != nil {
		t.Fatal(err)
	}
	return path
}

// G10: what cannot be a store, or is one that this program must not touch, is refused with a sentence.
func TestOpenRefuses(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other.db")
	const damaged = "is damaged or is no database"
	for what, c := range map[string]struct{ path, says string }{
		"no path":                         {"", "must be a file"},
		"memory":                          {":memory:", "must be a file"},
		"a directory that is not there":   {filepath.Join(t.TempDir(), "missing", "store.db"), "make it first"},
		"a directory":                     {t.TempDir(), "cannot be opened"},
		"a later schema":                  {edited(t, makeStore(t), "PRAGMA user_version = 1000"), "start the newer lastcall"},
		"the database of another program": {edited(t, other, "CREATE TABLE contacts (name TEXT)"), "another program"},
		"a file of text":                  {text(t), damaged},
		"an overwritten header":           {overwrite(t, makeStore(t), 0), damaged},
		"overwritten rows":                {overwrite(t, makeStore(t), -24000), damaged},
		"a file cut short":                {cutShort(t), damaged},
	} {
		t.Run(what, func(t *testing.T) {
			s, err := Open(t.Context(), c.path, Options{})
			if err == nil {
				_ = s.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Fatalf("it says %q, want %q in it", err, c.says)
			}
		})
	}
}

// G1: the writer waits for the disk, and only the writer can write and checkpoint.
func TestTheConnectionsAreSetAsThePromisesNeed(t *testing.T) {
	s := testStore(t)
	want := func(c *sqlite3.Conn, name, want string) {
		t.Helper()
		if got, err := pragma(c, name); err != nil || got != want {
			t.Errorf("%s is %s (%v), want %s", name, got, err, want)
		}
	}
	err := s.write(t.Context(), "test", 0, func(tx *tx) error {
		want(tx.conn, "journal_mode", "wal")
		want(tx.conn, "synchronous", "2")
		want(tx.conn, "wal_autocheckpoint", "0")
		want(tx.conn, "query_only", "0")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.read(t.Context(), "test", func(v view) error {
		want(v.conn, "query_only", "1")
		want(v.conn, "wal_autocheckpoint", "0")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Two processes that start on a new file at once set it up one after the other.
func TestManyOpenANewFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	type opened struct {
		s   *Store
		err error
	}
	all := make(chan opened, 8)
	for range cap(all) {
		go func() { // ends with its answer
			s, err := Open(t.Context(), path, Options{})
			all <- opened{s, err}
		}()
	}
	for range cap(all) {
		o := <-all
		if o.err != nil {
			t.Fatal(o.err)
		}
		submitOne(t, o.s, oneOf("a"))
		t.Cleanup(func() { o.s.Close() })
	}
}

// Open gives up with its context while another process holds the lock of the set-up.
func TestOpenWaitsForTheSetUpOfAnotherAsLongAsItMay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	setup, err := lockSetup(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer setup.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, path, Options{}); err == nil || !strings.Contains(err.Error(), "another process is setting it up") {
		t.Fatalf("got %v", err)
	}
}

// A set-up that was cut off before its first commit leaves a file that can be set up again.
func TestAnEmptyFileIsANewStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	edit(t, path, "PRAGMA journal_mode = WAL")
	s := openAt(t, path)
	defer s.Close()
	submitOne(t, s, oneOf("a"))
}
