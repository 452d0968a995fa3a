package sqlite

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// G1: what a process that died has left in the log may be in the kernel's memory only, after a sync that failed. It is
// brought into the file, with a sync of its own, before anything is written behind it.
func TestALogThatADeadProcessLeftIsMovedBeforeItIsBuiltOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := openAt(t, path)
	defer s.Close()
	left := submitOne(t, s, lastcall.Submission{Type: "left"})
	died := copyStore(t, path) // as it would be after a SIGKILL
	if log := readFile(t, died+"-wal"); len(log) == 0 {
		t.Fatal("nothing was left in the log")
	}

	next := openAt(t, died)
	defer next.Close()
	if log := readFile(t, died+"-wal"); len(log) != 0 {
		t.Errorf("the log still has %d bytes", len(log))
	}
	if _, err := next.Task(t.Context(), left.ID); err != nil {
		t.Error(err)
	}
}

// A living process on the same file is not waited for, and not disturbed.
func TestALogThatALivingProcessUsesIsLeftToIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := openAt(t, path)
	defer s.Close()
	conn, err := openReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	submitOne(t, s, lastcall.Submission{Type: "before"})
	if err := conn.Exec("BEGIN; SELECT count(*) FROM tasks"); err != nil { // a reader in the way
		t.Fatal(err)
	}
	second := openAt(t, path)
	defer second.Close()
	submitOne(t, second, lastcall.Submission{Type: "after"})
	wantTypes(t, s, map[string]int{"before": 1, "after": 1})
}

// The database of another program is not only refused but left as it is, its journal mode too.
func TestTheDatabaseOfAnotherProgramIsLeftAsItIs(t *testing.T) {
	path := edited(t, filepath.Join(t.TempDir(), "other.db"), "CREATE TABLE contacts (name TEXT)")
	before := readFile(t, path)
	if s, err := Open(t.Context(), path, Options{}); err == nil {
		_ = s.Close()
		t.Fatal("it was opened")
	}
	if !bytes.Equal(readFile(t, path), before) {
		t.Error("it was changed")
	}
}

// copyStore copies the file and its log to another directory.
func copyStore(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), filepath.Base(path))
	for _, suffix := range []string{"", "-wal"} {
		if err := os.WriteFile(to+suffix, readFile(t, path+suffix), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
