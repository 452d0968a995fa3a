package sqlite

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// shake is what somebody does to the files of a store that is in use.
type shake struct {
	name string
	do   func(t *testing.T, path string)
	file string // which one the log has to name, as it ends
	back bool   // whether it is undone by mend, and the store then goes on
}

func move(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// shakes are all that can befall a file but for what is written into it.
func shakes() []shake {
	away := func(suffix string) func(*testing.T, string) {
		return func(t *testing.T, path string) { t.Helper(); move(t, path+suffix, path+suffix+".away") }
	}
	cut := func(suffix string, share int64) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			if err := os.Truncate(path+suffix, sizeOf(t, path+suffix)*share/2); err != nil {
				t.Fatal(err)
			}
		}
	}
	return []shake{
		{"the database is removed", away(""), "", true},
		{"the log is removed", away("-wal"), "-wal", true},
		{"the index of the log is removed", away("-shm"), "-shm", true},
		{"the database is replaced", func(t *testing.T, path string) {
			t.Helper()
			other, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path+".new", other, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			move(t, path, path+".away")
			move(t, path+".new", path)
		}, "", true},
		{"the database is emptied", cut("", 0), "", false},
		{"the database is cut to half", cut("", 1), "", false},
		{"the log is emptied", cut("-wal", 0), "-wal", false},
		{"the log is cut to half", cut("-wal", 1), "-wal", false},
	}
}

// G1: what would be written to files that nobody will find, or behind a hole, is not accepted. Nothing is made in their
// place, what was there can still be read, and when the same files are back it goes on.
func TestNothingIsAcceptedOntoFilesThatAreNotThere(t *testing.T) {
	for _, c := range shakes() {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			var said bytes.Buffer
			s, err := Open(t.Context(), path, Options{Logger: slog.New(slog.NewTextHandler(&said, nil))})
			if err != nil {
				t.Fatal(err)
			}
			kept := fillGround(t, s)
			c.do(t, path)
			for range 3 {
				_, err := s.Submit(t.Context(), submission("lost"))
				wantCode(t, err, lastcall.CodeStoreUnavailable)
			}
			if strings.Contains(c.name, "removed") {
				if _, err := os.Stat(path + c.file); err == nil {
					t.Errorf("%s was made anew", c.file)
				}
				if _, err := s.Task(t.Context(), kept.ID); err != nil {
					t.Errorf("what the open file still has cannot be read: %v", err)
				}
			}
			if c.back {
				move(t, path+c.file+".away", path+c.file)
				submitOne(t, s, oneOf("after"))
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if n := strings.Count(said.String(), "level=ERROR"); n != 1 || !strings.Contains(said.String(), " file="+path+c.file+" ") {
				t.Errorf("%d errors were logged, want one that names the file:\n%s", n, &said)
			}
			if c.back {
				s = openAt(t, path)
				defer s.Close()
				wantTypes(t, s, map[string]int{"first": 1, "a": 20, "after": 1})
			}
		})
	}
}

// fillGround has some tasks in the database, and some in the log.
func fillGround(t *testing.T, s *Store) (first lastcall.Task) {
	t.Helper()
	first = submitOne(t, s, oneOf("first"))
	for i := range 20 {
		submitOne(t, s, oneOf("a"))
		if i == 2 { // what follows is more than what was moved, so that half a log is too little
			if err := s.write(t.Context(), "test", 0, func(*tx) error { s.writer.pages = checkpointPages + 1; return nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	return first
}

// A store whose files were moved away closes without removing those that stand there now: they are another process's.
func TestAStoreThatWasMovedAwayTakesNothingFromTheOneInItsPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	old := openAt(t, path)
	fillGround(t, old)
	for _, suffix := range beside {
		move(t, path+suffix, path+suffix+".away")
	}
	s := openAt(t, path)
	task := submitOne(t, s, oneOf("new"))
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range beside {
		if _, err := os.Stat(path + suffix); err != nil {
			t.Error(err)
		}
	}
	submitOne(t, s, oneOf("new"))
	if _, err := s.Task(t.Context(), task.ID); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// Another process may empty the log, or pack the database, without a word.
func TestFilesMayBecomeShorterInAGoodWay(t *testing.T) {
	s := testStore(t)
	fillGround(t, s)
	edit(t, s.path, "DELETE FROM tasks; PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")
	submitOne(t, s, oneOf("after"))
	wantTypes(t, s, map[string]int{"after": 1})
}

// G1: a log whose database is gone is refused and kept, as it has tasks that stand nowhere else.
func TestALogWithoutItsDatabaseIsKept(t *testing.T) {
	for name, take := range map[string]func(path string) error{
		"removed": os.Remove,
		"emptied": func(path string) error { return os.Truncate(path, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			s := openAt(t, path)
			fillGround(t, s)
			if err := take(path); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Submit(t.Context(), submission("lost")); err == nil {
				t.Fatal("a submit was accepted")
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			before := sizeOf(t, path+"-wal")
			_, err := Open(t.Context(), path, Options{})
			if err == nil || !strings.Contains(err.Error(), "its log is there") {
				t.Fatalf("it was opened: %v", err)
			}
			if after := sizeOf(t, path+"-wal"); after != before {
				t.Errorf("the log had %d bytes and has %d", before, after)
			}
		})
	}
}

// The lock of the set-up is had by one, also when somebody removes its file: who locks what is not there any more, as the
// name was opened just before, has locked nothing.
func TestALockOfTheSetUpWhoseFileWasRemovedIsNoLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	removed, err := trySetup(path + ".lock")
	if err != nil || removed == nil {
		t.Fatal(removed, err)
	}
	defer removed.Close()
	if err := os.Remove(path + ".lock"); err != nil {
		t.Fatal(err)
	}
	if isThere(removed) {
		t.Error("a file that was removed counts as there")
	}
	held, err := trySetup(path + ".lock")
	if err != nil || held == nil || !isThere(held) {
		t.Fatal(held, err)
	}
	defer held.Close()
	if third, err := trySetup(path + ".lock"); third != nil || err != nil {
		t.Fatal("two have the lock", err)
	}
}

// G1: a log that was cut short is noticed however many readers have run into the hole, and come anew, before a submit looks.
func TestALogThatWasCutIsNotHiddenByThoseWhoRead_G1(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := openAt(t, path)
	fillGround(t, s)
	if err := os.Truncate(path+"-wal", sizeOf(t, path+"-wal")/2); err != nil {
		t.Fatal(err)
	}
	for range 2 * readerCount {
		_, _ = s.Tasks(t.Context(), lastcall.Filter{Limit: 100}) // whatever it says
	}
	for range 3 {
		_, err := s.Submit(t.Context(), submission("lost"))
		wantCode(t, err, lastcall.CodeStoreUnavailable)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// What another process has packed, and what has then grown past its old size while the new pages are still in the log, is
// whole. What is cut after that is not.
func TestAFileThatWasPackedMayGrowAgain(t *testing.T) {
	path := makeStore(t)
	edit(t, path, "CREATE TABLE swollen (x BLOB)")
	g, mine := stand(t, path)
	other, err := openWriter(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	must := func(sql string) {
		t.Helper()
		if err := other.Exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	const swell = "INSERT INTO swollen VALUES (zeroblob(1000000))"
	for range 2 {
		must(swell + "; PRAGMA wal_checkpoint(TRUNCATE)")
		if err := g.check(mine); err != nil {
			t.Fatal(err)
		}
		before := sizeOf(t, path)
		must("DELETE FROM swollen; VACUUM; PRAGMA wal_checkpoint(TRUNCATE);" + swell + ";" + swell)
		if after := sizeOf(t, path); after >= before {
			t.Fatalf("it was packed from %d to %d bytes", before, after)
		}
		if err := g.check(mine); err != nil {
			t.Fatal("what was packed is refused:", err)
		}
	}
	if err := os.Truncate(path, sizeOf(t, path)-4096); err != nil {
		t.Fatal(err)
	}
	if g.check(mine) == nil {
		t.Error("G1: what was cut after that is taken for whole")
	}
}

// Where another process keeps the file to itself just then, the next look asks.
func TestALookThatCannotAskForgetsNothing(t *testing.T) {
	path := makeStore(t)
	g, mine := stand(t, path)
	if err := mine.Exec("BEGIN; SELECT count(*) FROM nodes"); err != nil { // within a transaction the log cannot be asked about
		t.Fatal(err)
	}
	if err := os.Truncate(path, sizeOf(t, path)/2); err != nil {
		t.Fatal(err)
	}
	f := g.files[""]
	was := f.size
	if err := g.check(nil); err != nil || f.size != was {
		t.Errorf("who cannot ask found %v, and %d bytes where there were %d", err, f.size, was)
	}
	if err := g.check(mine); err != nil || f.size != was {
		t.Errorf("who was kept from asking found %v, and %d bytes where there were %d", err, f.size, was)
	}
	if err := mine.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if g.check(mine) == nil {
		t.Error("G1: a cut was forgotten")
	}
}

// Who waits to open the file, which another process may hold for seconds, keeps nobody from looking.
func TestWhoOpensHoldsNoLookUp(t *testing.T) {
	g, mine := stand(t, makeStore(t))
	second, err := g.connect(func(path string) (*sqlite3.Conn, error) {
		looked := make(chan *groundError)
		go func() { looked <- g.check(mine) }() // ends with the look, or the test
		select {
		case err := <-looked:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Error("a look waits for who opens")
			go func() { <-looked }()
		}
		return openReader(path)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.leave(second); err != nil {
		t.Error(err)
	}
}

// stand stands on a file with one connection.
func stand(t *testing.T, path string) (*ground, *sqlite3.Conn) {
	t.Helper()
	g, err := newGround(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := g.connect(openWriter)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.leave(c) }) // what was cut may be an error
	if err := g.begin(c); err != nil {
		t.Fatal(err)
	}
	return g, c
}
