package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// G1: what another process had acknowledged before the backup began is in it, though that process goes on writing; the
// copy is sound, its owner's alone, and all that is left.
func TestABackupHoldsAllThatWasAcknowledgedBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	busy := startChild(t, path)
	s := openAt(t, path)
	defer s.Close()
	for i := range 3 {
		said := map[string][]string{}
		busy.read(t, 100, said)
		copied := filepath.Join(t.TempDir(), "backup.db")
		if err := s.Backup(t.Context(), copied); err != nil {
			t.Fatal(err)
		}
		wantBackup(t, copied, said)
		t.Logf("backup %d holds %d tasks", i, len(said["submitted"]))
	}
	if err := busy.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	busy.read(t, -1, map[string][]string{})
	if err := busy.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

// wantBackup opens a copy as a store and looks for what a child has said.
func wantBackup(t *testing.T, path string, said map[string][]string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("the backup left %v, %v", files, err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Fatalf("the copy: %v, %v", st, err)
	}
	s := openAt(t, path)
	defer s.Close()
	for _, id := range said["submitted"] {
		if _, err := s.Task(t.Context(), id); err != nil {
			t.Fatalf("task %s, acknowledged before the backup: %v", id, err)
		}
	}
	for _, id := range said["settled"] {
		if task, err := s.Task(t.Context(), id); err != nil || task.Status != lastcall.Succeeded {
			t.Fatalf("a result acknowledged before the backup: %+v, %v", task, err)
		}
	}
	wantSound(t, s)
}

// G10: nothing is ever replaced, and what fails leaves nothing behind.
func TestABackupReplacesNothing(t *testing.T) {
	s := testStore(t)
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		there:                              "name a file that is not there yet",
		s.path:                             "name a file that is not there yet",
		dir:                                "name a file that is not there yet",
		filepath.Join(dir, "missing", "x"): "make it first",
	} {
		if err := s.Backup(t.Context(), path); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q in it", path, err, says)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	fill(t, s, "a", 5000)
	if err := s.Backup(ctx, filepath.Join(dir, "interrupted")); !errors.Is(err, enough) {
		t.Errorf("an interrupted backup returned %v", err)
	}
	if text := readFile(t, there); string(text) != "precious" {
		t.Errorf("it now holds %q", text)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}

// The command line opens a store beside the node that serves it, and joins nothing: the node notices nothing of it.
func TestAStoreThatIsOpenedBesideANodeDisturbsNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	a := openAt(t, path)
	defer a.Close()
	node := join(t, a, "serving")
	submitOne(t, a, lastcall.Submission{Type: "a", Client: "alice"})
	task := claimOne(t, a, node, "a")

	b := openAt(t, path)
	if _, err := b.OpenMailbox(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if n, err := b.NewEpoch(t.Context()); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if err := b.Backup(t.Context(), path+".backup"); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(leasePath(path, node)); errors.Is(err, fs.ErrNotExist) {
		t.Fatal("the node's lock file is gone")
	}
	if did := sweep(t, a, node); did.Crashed != 0 || a.writer.siblings.Load() {
		t.Fatalf("afterwards it swept %+v, and makes room for others: %v", did, a.writer.siblings.Load())
	}
	if _, err := a.Settle(t.Context(), lastcall.Outcome{Task: task.ID, Run: task.Run, Verdict: lastcall.Succeed}); err != nil {
		t.Fatal(err)
	}
	nodes, err := a.Nodes(t.Context())
	if err != nil || len(nodes) != 1 {
		t.Fatalf("the nodes are %+v, %v", nodes, err)
	}
}
