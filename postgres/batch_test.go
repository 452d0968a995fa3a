package postgres

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// submitCall is a submit as a lane gets it.
func submitCall(out *[]lastcall.Submitted, s lastcall.Submission) *call {
	subs := []lastcall.Submission{s}
	return &call{subs: subs, fn: func(tx *tx) (err error) {
		*out, err = tx.submit(subs)
		return err
	}}
}

// One call of a batch wants to write what no database takes. The others are written, once each, in as many transactions
// as it takes to find the one (G10).
func TestOneBadCallInABatchCostsTheOthersNothing_G10(t *testing.T) {
	r := newRig(t, "halves")
	var commits atomic.Int64
	r.store.committed = func(int, time.Duration) { commits.Add(1) }
	const n, bad = 200, 77
	calls, answers := make([]*call, n), make([][]lastcall.Submitted, n)
	for i := range calls {
		s := lastcall.Submission{Type: "a", Client: fmt.Sprint("c", i)}
		if i == bad {
			s.Type = "a\x00"
		}
		calls[i] = submitCall(&answers[i], s)
	}
	r.store.writeBatch(calls)
	for i, c := range calls {
		if (c.err != nil) != (i == bad) {
			t.Errorf("call %d was answered %v", i, c.err)
		}
	}
	if code := lastcall.CodeOf(calls[bad].err); code != lastcall.CodeInternal {
		t.Errorf("the bad call was answered %s", code)
	}
	if there := one[int](t, r.at, "SELECT count(*) FROM lastcall.tasks"); there != n-1 {
		t.Errorf("%d tasks are there of %d", there, n-1)
	}
	if got := commits.Load(); got > 8 { // log2(200), rounded up
		t.Errorf("%d commits were needed", got)
	}
}

// Who loses against another transaction is run again, and the caller never hears of it.
func TestATransactionThatLosesAgainstAnotherIsRunAgain(t *testing.T) {
	r := newRig(t, "conflicts")
	for _, state := range []string{"40001", "40P01"} {
		begun, applied := 0, 0
		err := r.store.change(t.Context(), 1, func(_ *tx, b *pgx.Batch) {
			if begun++; begun < 3 {
				b.Queue(fmt.Sprintf("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '%s'; END $$", state))
			}
		}, func(context.Context, *tx) error {
			applied++
			return nil
		})
		if err != nil || begun != 3 || applied != 1 {
			t.Errorf("after %s: begun %d times, applied %d times: %v", state, begun, applied, err)
		}
	}
}

// Two cancels want the same two tasks; a session beside them holds the locks in the other order. Whoever the server
// picks as the victim of the deadlock, both tasks end.
func TestADeadlockIsOvercome(t *testing.T) {
	r := newRig(t, "deadlock")
	first, second := r.submit("alice"), r.submit("alice")
	a, _ := column.ParseID(first.ID)
	b, _ := column.ParseID(second.ID)
	r.exec("BEGIN")
	r.exec("SELECT FROM lastcall.tasks WHERE id = $1 FOR UPDATE", second.ID)
	calls := []*call{cancelCall(a), cancelCall(b)}
	batch := begun(func() bool { r.store.writeBatch(calls); return true })
	r.waits("FOR UPDATE")
	_, err := r.other.Exec(t.Context(), "SELECT FROM lastcall.tasks WHERE id = $1 FOR UPDATE", first.ID)
	if err != nil && !isConflict(err) {
		t.Error(err)
	}
	r.exec("ROLLBACK")
	<-batch
	for i, c := range calls {
		if c.err != nil {
			t.Errorf("call %d: %v", i, c.err)
		}
	}
	for _, task := range []lastcall.Task{first, second} {
		if got, err := r.store.Task(t.Context(), task.ID); err != nil || got.Status != lastcall.Canceled {
			t.Errorf("%s is %s (%v)", task.ID, got.Status, err)
		}
	}
}

func cancelCall(id taskID) *call {
	return &call{task: id, fn: func(tx *tx) error {
		r, err := tx.row(id)
		if err != nil {
			return err
		}
		tx.move(r, func(task *lastcall.Task, now time.Time) *lastcall.Event {
			ev, _ := task.Cancel(now)
			return ev
		})
		return nil
	}}
}

// The session ends in the commit itself, so that nobody can know what became of it: all calls that shared it are told
// that the store is unavailable, none that it was written or was not; and the next one finds the store well.
func TestACommitWhoseAnswerIsLostIsStoreUnavailableForAllWhoSharedIt(t *testing.T) {
	r := newRig(t, "lost_commits")
	r.exec(`CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$`)
	r.exec(`CREATE CONSTRAINT TRIGGER die AFTER INSERT ON lastcall.tasks DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW WHEN (NEW.type = 'die') EXECUTE FUNCTION die()`)
	var well, ill []lastcall.Submitted
	calls := []*call{submitCall(&well, lastcall.Submission{Type: "a"}), submitCall(&ill, lastcall.Submission{Type: "die"})}
	r.store.writeBatch(calls)
	for i, c := range calls {
		if err := wrap("submit", c.err); lastcall.CodeOf(err) != lastcall.CodeStoreUnavailable {
			t.Errorf("call %d was answered %v", i, err)
		}
	}
	r.submit("alice")
}
