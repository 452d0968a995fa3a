package sqlite

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// join joins a node on a store.
func join(tb testing.TB, s *Store, name string) string {
	tb.Helper()
	incarnation, err := s.Join(tb.Context(), lastcall.NodeInfo{Name: name, Lease: time.Second})
	if err != nil {
		tb.Fatal(err)
	}
	return incarnation
}

// claimOne claims a task of the type, which must be there.
func claimOne(tb testing.TB, s *Store, incarnation, typ string) lastcall.Task {
	tb.Helper()
	tasks, err := s.Claim(tb.Context(), lastcall.Claim{
		Incarnation: incarnation, Node: "node", Max: 1, Suspects: 1, Want: []lastcall.Want{{Type: typ, Max: 1}},
	})
	if err != nil || len(tasks) != 1 {
		tb.Fatalf("claimed %v, %v", tasks, err)
	}
	return tasks[0]
}

// sweep sweeps once on behalf of an incarnation.
func sweep(tb testing.TB, s *Store, incarnation string) lastcall.Swept {
	tb.Helper()
	did, err := s.Sweep(tb.Context(), lastcall.Sweep{
		Incarnation: incarnation, MaxCrashes: 3, KeepTasks: time.Hour, KeepEvents: time.Hour, Limit: 100,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return did
}

// rewrite changes the file by SQL, behind the store's back.
func rewrite(tb testing.TB, s *Store, sql string) {
	tb.Helper()
	if err := s.write(tb.Context(), "test", 0, func(tx *tx) error { return tx.conn.Exec(sql) }); err != nil {
		tb.Fatal(err)
	}
}

// G3: no clock takes a living node's runs: not one that stands still, not one that jumps.
func TestTheLivingAreNotRobbedHoweverLongTheyAreSilent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	a, b := openAt(t, path), openAt(t, path)
	defer a.Close()
	defer b.Close()
	silent, other := join(t, a, "silent"), join(t, b, "other")
	submitOne(t, a, oneOf("a"))
	task := claimOne(t, a, silent, "a")
	rewrite(t, b, "UPDATE nodes SET seen_at = 0, since = 0")
	if did := sweep(t, b, other); did.Crashed != 0 {
		t.Fatalf("swept %+v", did)
	}
	if _, err := a.Settle(t.Context(), lastcall.Outcome{Task: task.ID, Run: task.Run, Verdict: lastcall.Succeed}); err != nil {
		t.Fatal(err)
	}
}

// G9: what a dead node was running is free at the first sweep after its death, its lease notwithstanding.
func TestTheDeadAreKnownAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	a, b := openAt(t, path), openAt(t, path)
	defer b.Close()
	victim, other := join(t, a, "victim"), join(t, b, "other")
	submitOne(t, a, oneOf("a"))
	claimOne(t, a, victim, "a")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if did := sweep(t, b, other); did.Crashed != 1 {
		t.Fatalf("swept %+v", did)
	}
	if again := claimOne(t, b, other, "a"); again.Run != 2 || again.Attempt != 1 || again.Crashes != 1 {
		t.Fatalf("the second run is %+v", again)
	}
	wantNoLease(t, path, victim)
}

// wantNoLease fails the test if the incarnation's lock file is still there.
func wantNoLease(tb testing.TB, path, incarnation string) {
	tb.Helper()
	if _, err := os.Stat(leasePath(path, incarnation)); !os.IsNotExist(err) {
		tb.Fatalf("the lock file of %s: %v", incarnation, err)
	}
}

// A database that comes back from a backup, without the files beside it, goes on.
func TestANodeWithoutALockFileIsDead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := openAt(t, path)
	gone := join(t, s, "gone")
	submitOne(t, s, oneOf("a"))
	claimOne(t, s, gone, "a")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(leasePath(path, gone)); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path)
	defer s.Close()
	if did := sweep(t, s, join(t, s, "new")); did.Crashed != 1 {
		t.Fatalf("swept %+v", did)
	}
}

// Lock files that nobody holds are removed when the file is opened; those that are held stay.
func TestOrphanedLockFilesAreRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	a := openAt(t, path)
	defer a.Close()
	living := join(t, a, "living")
	orphan := leasePath(path, "orphan")
	if err := os.WriteFile(orphan, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b := openAt(t, path)
	defer b.Close()
	wantNoLease(t, path, "orphan")
	if _, err := os.Stat(leasePath(path, living)); err != nil {
		t.Fatal(err)
	}
}

// Leave removes the lock file, and what leaves can join again, as another.
func TestLeaveRemovesTheLockFile(t *testing.T) {
	s := testStore(t)
	incarnation := join(t, s, "node")
	for range 2 {
		if err := s.Leave(t.Context(), incarnation); err != nil {
			t.Fatal(err)
		}
	}
	wantNoLease(t, s.path, incarnation)
	if again := join(t, s, "node"); again == incarnation {
		t.Fatal("an incarnation came twice")
	}
}

// A join that fails leaves no lock file behind.
func TestAFailedJoinLeavesNothing(t *testing.T) {
	s := testStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	release := stall(t, s)
	joined := make(chan error, 1)
	go func() { // ends with its answer
		_, err := s.Join(ctx, lastcall.NodeInfo{Name: "node"})
		joined <- err
	}()
	waitQueued(t, s, 1)
	cancel()
	if err := <-joined; err == nil {
		t.Fatal("it joined")
	}
	release()
	left, err := filepath.Glob(leasePath(s.path, "*"))
	if err != nil || len(left) != 0 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
}

// Two stores on one file hear of each other's changes, if not of which.
func TestAStoreHearsThatAnotherHasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	a, b := openAt(t, path), openAt(t, path)
	defer a.Close()
	defer b.Close()
	heard := make(chan struct{}, 1000)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { // ends with cancel
		done <- b.Watch(ctx, func(hints []lastcall.Hint) {
			for _, h := range hints {
				if h == (lastcall.Hint{}) {
					heard <- struct{}{}
				}
			}
		})
	}()
	eventually(t, "it watches", b.writer.watchers.Any)
	eventually(t, "it hears", func() bool {
		submitOne(t, a, oneOf("a"))
		return len(heard) > 3
	})
	cancel()
	<-done
}
