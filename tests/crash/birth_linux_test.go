package crash_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite"
	"github.com/lastcall-dev/lastcall/tests/crash/witness"
)

// G1: a node is killed behind each of the system calls by which its first start makes its store. As that brings the file
// from each version of the schema to the next, these are the steps of every migration too. Whatever is left, the next start
// works, and the schema is whole, as a SQLite that is not ours reads it.
func TestAFirstStartThatIsKilledAtAnyStepIsFollowedByOneThatWorks(t *testing.T) {
	t.Parallel()
	e := watch(t).kill(t)
	left := []string{e.dir} // folders as kills leave them; first the whole one
	d := witness.NewDisk(e.dir, e.calls)
	var last []byte
	for _, line := range e.steps() {
		if err := d.Advance(line); err != nil {
			t.Fatal(err)
		}
		dir, all := t.TempDir(), []byte{}
		for _, name := range []string{db, db + "-wal", db + ".lock"} {
			if b, ok := d.Cached(name); ok {
				write(t, filepath.Join(dir, name), b)
				all = append(append(all, name...), b...)
			}
		}
		if !bytes.Equal(all, last) {
			left, last = append(left, dir), all
		}
	}
	for _, dir := range left {
		use(t, filepath.Join(dir, db))
	}
	t.Logf("killed at %d steps", len(left)-1)
	if len(left) < 20 {
		t.Error("too few steps were seen")
	}
	if all := strings.Split(anatomy(t, left), "\n"); len(slices.Compact(all)) != 1 {
		t.Errorf("the stores differ:\n%s", strings.Join(slices.Compact(all), "\n"))
	}
}

// steps are the lines behind each step that was taken.
func (e *evidence) steps() (lines []int) {
	for _, at := range witness.Steps(e.calls, filepath.Join(e.dir, db)) {
		lines = append(lines, at...)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// use opens a store and gives it a task.
func use(t *testing.T, path string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Submit(t.Context(), []lastcall.Submission{{Type: "echo", Client: "c"}}); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// anatomy is a line for each store: what SQLite finds wrong with it, its version and its schema.
func anatomy(t *testing.T, dirs []string) string {
	t.Helper()
	program := `import sqlite3, sys
for dir in sys.argv[1:]:
    c = sqlite3.connect(dir + "/lab.db")
    print([c.execute(q).fetchall() for q in ("PRAGMA integrity_check", "PRAGMA user_version",
        "SELECT type, name, sql FROM sqlite_master ORDER BY type, name")])
`
	out, err := exec.Command("python3", append([]string{"-c", program}, dirs...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("python3: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}
