package postgres

import (
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// A lease is made, and its answer does not come: the row of one of the tasks is damaged, so that the store cannot read what
// the database has done. Nobody knows the holders. What they hold is there again with the next sweep, and no worker died (G4).
func TestALeaseWhoseAnswerWasLostIsGivenBackUncharged_G4(t *testing.T) {
	r := newRig(t, "unheard")
	node := r.join()
	task, damaged := r.submit("alice"), r.submit("bob")
	r.exec("UPDATE lastcall.tasks SET error = 'x' WHERE id = $1", damaged.ID)
	leases, err := r.store.Lease(t.Context(), lastcall.LeaseRequest{
		Want: []lastcall.LeaseType{{Type: task.Type}}, Max: 10, Length: time.Hour, Node: "node",
	})
	if err == nil || len(leases) != 0 {
		t.Fatalf("leased %v, %v", leases, err)
	}
	if got, err := r.store.Task(t.Context(), task.ID); err != nil || got.Status != lastcall.Running {
		t.Fatalf("the task is %+v, %v: the lease was not made at all", got, err)
	}
	_, _ = r.store.Sweep(t.Context(), lastcall.Sweep{ // fails at the damaged row
		Incarnation: node, MaxCrashes: 3, KeepTasks: time.Hour, KeepEvents: time.Hour, Limit: 10,
	})
	got, err := r.store.Task(t.Context(), task.ID)
	if err != nil || got.Status != lastcall.Queued || got.Crashes != 0 || got.Attempt != 0 || got.Run != 1 {
		t.Errorf("the task is %+v, %v", got, err)
	}
	r.exec("UPDATE lastcall.tasks SET error = NULL WHERE id = $1", damaged.ID)
	if err := r.store.sweepUnheard(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := r.store.Task(t.Context(), damaged.ID); err != nil || got.Status != lastcall.Queued || got.Crashes != 0 {
		t.Errorf("once it is mended the other is %+v, %v", got, err)
	}
	if left := r.store.unheard.all(); len(left) != 0 {
		t.Errorf("%d holders are still looked for", len(left))
	}
}

// What was not made is looked for as long as it may come.
func TestALeaseThatWasNotMadeIsForgottenInTime(t *testing.T) {
	var u unheard
	u.add([]string{"a", "b"})
	now := time.Now()
	if u.forgetBefore(now.Add(unheardFor / 2)); len(u.all()) != 2 {
		t.Error("forgotten too soon")
	}
	if u.forgetBefore(now.Add(2 * unheardFor)); len(u.all()) != 0 {
		t.Error("not forgotten")
	}
	u.add(make([]string, 1))
	for i := range 2 * unheardMost {
		u.add([]string{string(rune(i))})
	}
	if n := len(u.all()); n > unheardMost {
		t.Errorf("%d are kept", n)
	}
}
