package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// finding is what Examine says of one thing.
func finding(t *testing.T, path, check string) lastcall.Finding {
	t.Helper()
	found, err := Examine(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if (f.Do == "") != (f.Level == lastcall.LevelOK) {
			t.Errorf("%s is %s with the advice %q", f.Check, f.Level, f.Do)
		}
		if f.Why == "" {
			t.Errorf("nobody is told why %s matters", f.Check)
		}
	}
	i := slices.IndexFunc(found, func(f lastcall.Finding) bool { return f.Check == check })
	if i < 0 {
		t.Fatalf("nothing is said of %s: %+v", check, found)
	}
	return found[i]
}

func wantFinding(t *testing.T, path, check, level, says string) {
	t.Helper()
	if f := finding(t, path, check); f.Level != level || !strings.Contains(f.Seen, says) {
		t.Errorf("%s: it says %+v, want %s and %q", path, f, level, says)
	}
}

// A doctor says of a log without its database what a start says, and that nothing is to be removed; it is no store that is
// not there.
func TestADoctorSaysThatTheLogIsThere(t *testing.T) {
	for name, take := range map[string]func(path string) error{
		"removed": os.Remove, "emptied": func(path string) error { return os.Truncate(path, 0) },
	} {
		path := makeStore(t)
		if err := errors.Join(os.WriteFile(path+"-wal", []byte("tasks"), 0o600), take(path)); err != nil {
			t.Fatal(err)
		}
		t.Log(name)
		wantFinding(t, path, "log", lastcall.LevelBad, "its log is there")
		if _, err := Open(t.Context(), path, Options{KeepSchema: true}); err == nil || !strings.Contains(err.Error(), "its log is there") {
			t.Errorf("%s: a command that looks after it says %v", name, err)
		}
	}
}

// What a doctor finds is what is there, and what there is nothing to do about is good.
func TestADoctorFindsWhatWouldHurt(t *testing.T) {
	sound := makeStore(t)
	wantFinding(t, sound, "file system", lastcall.LevelOK, "a disk of this machine")
	wantFinding(t, sound, "permissions", lastcall.LevelOK, "its owner's alone")
	wantFinding(t, sound, "nodes", lastcall.LevelOK, "use it: 0")
	wantFinding(t, sound, "integrity", lastcall.LevelOK, "every page")
	wantFinding(t, sound, "schema", lastcall.LevelOK, "its schema is version")
	wantFinding(t, sound, "log", lastcall.LevelOK, "0.0 MiB")

	wantFinding(t, overwrite(t, makeStore(t), -24000), "integrity", lastcall.LevelBad, "it is damaged")
	wantFinding(t, overwrite(t, makeStore(t), 0), "integrity", lastcall.LevelBad, "damaged")
	wantFinding(t, cutShort(t), "integrity", lastcall.LevelBad, "damaged")
	wantFinding(t, edited(t, makeStore(t), "PRAGMA user_version = 1000"), "schema", lastcall.LevelBad, "version 1000")

	open := makeStore(t)
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, open, "permissions", lastcall.LevelWarn, "-rw-r--r--")
	if err := os.Truncate(makeLog(t, open), longLog+1); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, open, "log", lastcall.LevelWarn, "256.0 MiB")
}

// What is free is held against what a backup needs, and against what the next hours need.
func TestADoctorSaysThatTheDiskIsFullBeforeItIs(t *testing.T) {
	for _, c := range []struct {
		bytes, free int64
		want        string
	}{
		{10 << 20, 50 << 30, lastcall.LevelOK},
		{10 << 20, 500 << 20, lastcall.LevelWarn},
		{20 << 30, 10 << 30, lastcall.LevelWarn},
		{10 << 20, 10 << 20, lastcall.LevelBad},
		{10 << 20, 0, lastcall.LevelBad},
	} {
		d := doctor{bytes: c.bytes}
		if d.judgeRoom(c.free); d.found[0].Level != c.want {
			t.Errorf("%d bytes with %d free are %s, want %s", c.bytes, c.free, d.found[0].Level, c.want)
		}
	}
}

// makeLog makes a write-ahead log beside a file, which nothing is read from as it does not begin like one.
func makeLog(t *testing.T, path string) string {
	t.Helper()
	if err := os.WriteFile(path+"-wal", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path + "-wal"
}

// Who uses a file is known by their locks: those who live, and those who died and whose work nobody has taken back yet.
func TestADoctorCountsTheNodesOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := openAt(t, path)
	defer s.Close()
	if _, err := s.Join(t.Context(), lastcall.NodeInfo{Name: "a", Lease: 6 * time.Second}); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, path, "nodes", lastcall.LevelOK, "use it: 1")
	if err := os.WriteFile(leasePath(path, "gone"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, path, "nodes", lastcall.LevelWarn, "use it: 1; of nodes that died: 1")
	if _, err := s.Submit(t.Context(), submission("a")); err != nil {
		t.Errorf("the node cannot go on: %v", err)
	}
}

// A doctor changes nothing, makes nothing, and ends when it is told to.
func TestADoctorLeavesAFileAsItIs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	older(t, path, 1)
	wantFinding(t, path, "schema", lastcall.LevelWarn, "version 1;")
	if got := versionOf(t, path); got != "1" {
		t.Errorf("it was brought to version %s", got)
	}
	missing := filepath.Join(t.TempDir(), "missing.db")
	if _, err := Examine(t.Context(), missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not there: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	cancel(why)
	if _, err := Examine(ctx, makeStore(t)); err != nil && !errors.Is(err, why) {
		t.Errorf("it ended with %v", err)
	}
}

// Migrate says where a file was and where it is, and does nothing the second time.
func TestMigrateSaysFromWhereToWhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	older(t, path, 1)
	newest := len(mustSteps(t))
	for _, want := range []int{1, newest} {
		from, to, err := Migrate(t.Context(), path)
		if err != nil || from != want || to != newest {
			t.Errorf("from %d to %d, want %d and %d: %v", from, to, want, newest, err)
		}
	}
	if err := openAt(t, path).Close(); err != nil {
		t.Error(err)
	}
	missing := filepath.Join(t.TempDir(), "missing.db")
	if _, _, err := Migrate(t.Context(), missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not there: %v", err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("it was made")
	}
}

func mustSteps(t *testing.T) []fs.DirEntry {
	t.Helper()
	steps, err := schemaFiles.ReadDir("schema")
	if err != nil {
		t.Fatal(err)
	}
	return steps
}
