package postgres

import (
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// beside is a rig with a node that dies at once, and somebody beside who holds what he likes.
type beside struct {
	*rig
	sweeper string
}

func newBeside(t *testing.T, db string) *beside {
	t.Helper()
	r := newRig(t, db)
	return &beside{r, r.join()}
}

// dead starts tasks of a client for a node that has died since.
func (h *beside) dead(n int) []lastcall.Task {
	h.Helper()
	inc := h.join()
	for range n {
		h.submit("alice")
	}
	tasks, err := h.store.Claim(h.Context(), lastcall.Claim{
		Incarnation: inc, Want: []lastcall.Want{{Type: "a", Max: n}}, Max: n, Suspects: n,
	})
	if err != nil || len(tasks) != n {
		h.Fatalf("%d of %d were claimed: %v", len(tasks), n, err)
	}
	h.exec("UPDATE lastcall.nodes SET lease_until = '2000-01-01' WHERE incarnation = $1", inc)
	return tasks
}

func (h *beside) sweep() lastcall.Swept {
	h.Helper()
	did, err := h.store.Sweep(h.Context(), lastcall.Sweep{
		Incarnation: h.sweeper, MaxCrashes: 3, KeepTasks: time.Hour, KeepEvents: time.Hour, Steady: 24 * time.Hour,
	})
	h.must(err)
	return did
}

func (h *beside) wants(t lastcall.Task, status lastcall.Status, crashes int) {
	h.Helper()
	got, err := h.store.Task(h.Context(), t.ID)
	if err != nil || got.Status != status || got.Crashes != crashes {
		h.Errorf("the task is %s with %d crashes, want %s with %d (%v)", got.Status, got.Crashes, status, crashes, err)
	}
}

// Whatever somebody holds, a task that a dead node ran or a client's mailbox, what time does to everything else is done,
// and to that once he lets go (G9).
func TestASweepLeavesOnlyWhatSomebodyHolds_G9(t *testing.T) {
	h := newBeside(t, "held_sweep")
	first, second := h.dead(3), h.dead(1)
	soon := time.Now().Add(50 * time.Millisecond)
	waiting := func(client string, expires bool) lastcall.Task {
		s := lastcall.Submission{Type: "b", Client: client, RunAt: soon}
		if expires {
			s.RunAt, s.ExpiresIn = time.Now().Add(time.Hour), 40*time.Millisecond
		}
		out, err := h.store.Submit(t.Context(), []lastcall.Submission{s})
		if err != nil {
			t.Fatal(err)
		}
		return out[0].Task
	}
	due, late, bobs := waiting("alice", false), waiting("alice", true), waiting("bob", true)
	for _, client := range []string{"alice", "bob"} {
		if _, err := h.store.OpenMailbox(t.Context(), client); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "it is time", func() bool { return time.Now().After(soon) })
	h.exec("BEGIN")
	h.exec("SELECT FROM lastcall.tasks WHERE id = $1 FOR UPDATE", first[1].ID)
	h.exec("SELECT FROM lastcall.mailboxes WHERE client = 'bob' FOR UPDATE")
	began := time.Now()
	did := h.sweep()
	if took := time.Since(began); took > writeTimeout {
		t.Errorf("the sweep took %s", took)
	}
	if did.Crashed != 3 || did.Expired != 1 || did.Due != 1 {
		t.Errorf("the sweep did %+v", did)
	}
	for _, task := range []lastcall.Task{first[0], first[2], second[0]} {
		h.wants(task, lastcall.Queued, 1)
	}
	h.wants(first[1], lastcall.Running, 0)
	h.wants(due, lastcall.Queued, 0)
	h.wants(late, lastcall.Expired, 0)
	h.wants(bobs, lastcall.Scheduled, 0)
	h.exec("ROLLBACK")
	if did := h.sweep(); did.Crashed != 1 || did.Expired != 1 {
		t.Errorf("the sweep after it did %+v", did)
	}
	h.wants(first[1], lastcall.Queued, 1)
	h.wants(bobs, lastcall.Expired, 0)
}

// The fates of what a node ran hang together: that some of it cannot be had yet charges nobody whom a suspect among it
// would have spared (G4).
func TestWhatIsHeldChargesNobodyInASuspectsPlace_G4(t *testing.T) {
	h := newBeside(t, "held_suspect")
	tasks := h.dead(3)
	h.exec("UPDATE lastcall.tasks SET crashes = 1 WHERE id = $1", tasks[0].ID)
	h.exec("BEGIN")
	h.exec("SELECT FROM lastcall.tasks WHERE id = $1 FOR UPDATE", tasks[1].ID)
	h.sweep()
	h.wants(tasks[2], lastcall.Queued, 0)
	h.exec("ROLLBACK")
	h.sweep()
	h.wants(tasks[0], lastcall.Queued, 2)
	h.wants(tasks[1], lastcall.Queued, 0)
	h.wants(tasks[2], lastcall.Queued, 0)
}
