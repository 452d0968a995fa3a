package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// leaseAll leases all tasks of a type, for so long.
func leaseAll(t *testing.T, s *Store, typ string, length time.Duration) []lastcall.Lease {
	t.Helper()
	leases, err := s.Lease(t.Context(), lastcall.LeaseRequest{
		Want: []lastcall.LeaseType{{Type: typ}}, Max: 1000, Length: length, Node: "node",
	})
	if err != nil {
		t.Fatal(err)
	}
	return leases
}

// rowsOf counts a table.
func rowsOf(t *testing.T, s *Store, table string) (n int64) {
	t.Helper()
	err := s.read(t.Context(), "test", func(v view) error {
		st := v.conn.Stmt("SELECT count(*) FROM " + table)
		return each(st, func() error { n = st.ColInt(0); return nil })
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A lease leaves nothing behind: settling takes its row along, and one that has stayed, as a process of the version before
// has settled its task, goes with a sweep, in portions, and is nobody's crash.
func TestLeasesLeaveNothingBehind(t *testing.T) {
	s := testStore(t)
	node := join(t, s, "node")
	const n = 25
	fill(t, s, "a", n)
	leases := leaseAll(t, s, "a", time.Millisecond)
	if len(leases) != n || rowsOf(t, s, "leases") != n {
		t.Fatalf("%d leases and %d rows", len(leases), rowsOf(t, s, "leases"))
	}
	for i, l := range leases {
		o := lastcall.Outcome{Task: l.Task.ID, Run: l.Task.Run, Holder: l.Holder, Verdict: lastcall.Succeed}
		if i >= 5 {
			o.Holder = "" // who knows of no leases
		}
		if _, err := s.Settle(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if got := rowsOf(t, s, "leases"); got != n-5 {
		t.Fatalf("%d rows are left of %d leases that were settled otherwise", got, n-5)
	}
	sweeps := 0
	for more := true; more; sweeps++ {
		did, err := s.Sweep(t.Context(), lastcall.Sweep{
			Incarnation: node, MaxCrashes: 3, KeepTasks: time.Hour, KeepEvents: time.Hour, Limit: 7, Steady: time.Hour,
		})
		if err != nil || did.Lapsed != 0 {
			t.Fatalf("a sweep did %+v, %v", did, err)
		}
		more = did.More
	}
	if got := rowsOf(t, s, "leases"); got != 0 || sweeps < 3 {
		t.Fatalf("%d rows are left after %d sweeps of 7", got, sweeps)
	}
	for _, l := range leases {
		if task, err := s.Task(t.Context(), l.Task.ID); err != nil || task.Status != lastcall.Succeeded || task.Crashes != 0 {
			t.Fatalf("a task that was settled is %+v, %v", task, err)
		}
	}
}

// A process of version 2 of the schema serves the file beside this one, and neither minds: it sees tasks run by somebody
// that it never finds dead.
func TestAnOlderProcessLeavesLeasesAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	older(t, path, 2)
	old, err := openWriter(path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	s := openAt(t, path)
	defer s.Close()
	submitOne(t, s, lastcall.Submission{Type: "a"})
	l := leaseAll(t, s, "a", time.Hour)[0]
	for _, statement := range []string{ // of its sweeps, its list, and its cancel of that task
		"DELETE FROM nodes WHERE state <> 0",
		"SELECT id FROM tasks INDEXED BY tasks_owner WHERE status = 2 AND owner = 'nobody' ORDER BY id",
		fmt.Sprintf("UPDATE tasks SET cancel_requested_at = %d WHERE status = 2", now().UnixMicro()),
	} {
		if err := old.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	again, err := s.Renew(t.Context(), lastcall.Renewal{
		Note: lastcall.Note{Task: l.Task.ID, Run: l.Task.Run}, Holder: l.Holder, Length: time.Hour,
	})
	if err != nil || again.Task.CancelRequestedAt == nil {
		t.Fatalf("renewed beside an older process: %+v, %v", again, err)
	}
}

// What a run carries may stand in the row or elsewhere; a renewal that brings no checkpoint leaves the one that is there.
func TestARenewalLeavesLongCheckpointsWhereTheyAre(t *testing.T) {
	s := testStore(t)
	submitOne(t, s, lastcall.Submission{Type: "a"})
	l := leaseAll(t, s, "a", time.Hour)[0]
	for _, size := range []int{10, partInline + 1, 3, 1 << 20, partInline} {
		r := lastcall.Renewal{
			Note: lastcall.Note{Task: l.Task.ID, Run: l.Task.Run, Checkpoint: make([]byte, size)}, Holder: l.Holder, Length: time.Hour,
		}
		for range 2 {
			if _, err := s.Renew(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			r.Checkpoint = nil
			r.Progress = &lastcall.Progress{Percent: 1}
		}
		task, err := s.Task(t.Context(), l.Task.ID)
		if err != nil || len(task.Checkpoint) != size {
			t.Fatalf("a checkpoint of %d bytes is one of %d, %v", size, len(task.Checkpoint), err)
		}
	}
}
