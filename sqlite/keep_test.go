package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// A newer command in a job of the night looks after the file of older nodes and leaves it one that they can serve and, if
// they are started again, open; so does the copy that it makes.
func TestWhoLooksAfterAnOlderFileDoesNotBringItOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	old := newSpine(t, path)
	defer old.close()
	id := taskID{15: 1}
	old.submit(id, 1)
	old.tell(id)

	s, err := Open(t.Context(), path, Options{KeepSchema: true})
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := s.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	if n, err := s.NewEpoch(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, copied} {
		if got := versionOf(t, file); got != "1" {
			t.Errorf("%s has version %s", file, got)
		}
	}
	old.tell(id)

	restored := openAt(t, copied)
	defer restored.Close()
	wantTold(t, restored, id, 1)
}

// versionOf is the version of a file's schema.
func versionOf(t *testing.T, path string) string {
	t.Helper()
	c, err := openReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	version, err := pragma(c, "user_version")
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// G10: who looks after a file makes none, and does not touch one that it does not know.
func TestWhoLooksAfterAFileWantsOneThatItKnows(t *testing.T) {
	missing, empty := filepath.Join(t.TempDir(), "missing.db"), filepath.Join(t.TempDir(), "empty.db")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		missing: "no such file",
		empty:   "there is no store in it",
		edited(t, makeStore(t), "PRAGMA user_version = 1000"): "start the newer lastcall",
	} {
		s, err := Open(t.Context(), path, Options{KeepSchema: true})
		if err == nil {
			_ = s.Close()
			t.Errorf("%s was opened", path)
		} else if !strings.Contains(err.Error(), says) {
			t.Errorf("it says %q, want %q in it", err, says)
		}
	}
	if _, err := os.Stat(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was made: %v", err)
	}
}

// G10: of backups that want one name at once, one has it and the others are told so; none replaces another.
func TestOfManyBackupsToOneNameOneIsMade(t *testing.T) {
	s := testStore(t)
	submitOne(t, s, lastcall.Submission{Type: "a"})
	for range 20 {
		dir := t.TempDir()
		to := filepath.Join(dir, "copy.db")
		answers := make(chan error, 4)
		for range cap(answers) {
			go func() { answers <- s.Backup(t.Context(), to) }() // ends with its answer
		}
		made := 0
		for range cap(answers) {
			if err := <-answers; err == nil {
				made++
			} else if !strings.Contains(err.Error(), "there is already something at") {
				t.Error(err)
			}
		}
		if made != 1 {
			t.Fatalf("%d backups were made under one name", made)
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 1 {
			t.Errorf("left behind: %v", files)
		}
	}
}
