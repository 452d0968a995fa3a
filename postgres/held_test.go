package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// Somebody holds a row, at a prompt where he has begun a transaction and gone to lunch. What needs it waits for it, and
// is told that the store does not answer; what shared its batch does not.
func TestARowThatSomebodyHoldsCostsItsOwnCallOnly_G10(t *testing.T) {
	r := newRig(t, "held_call")
	const n, held = 40, 27
	tasks, calls := make([]lastcall.Task, n), make([]*call, n)
	for i := range calls {
		tasks[i] = r.submit("alice")
		id, _ := column.ParseID(tasks[i].ID)
		calls[i] = cancelCall(id)
	}
	r.exec("BEGIN")
	r.exec("SELECT FROM lastcall.tasks WHERE id = $1 FOR UPDATE", tasks[held].ID)
	began := time.Now()
	r.store.writeBatch(calls)
	if took := time.Since(began); took > writeTimeout+time.Second {
		t.Errorf("the lane stood for %s", took)
	}
	r.exec("ROLLBACK")
	for i, c := range calls {
		want := lastcall.Canceled
		if i == held {
			want = lastcall.Queued
			if code := lastcall.CodeOf(wrap("cancel", c.err)); code != lastcall.CodeStoreUnavailable {
				t.Errorf("the call that needed the row was answered %q", code)
			}
		} else if c.err != nil {
			t.Errorf("call %d was answered %v", i, c.err)
		}
		if got, err := r.store.Task(t.Context(), tasks[i].ID); err != nil || got.Status != want {
			t.Errorf("task %d is %s (%v), want %s", i, got.Status, err, want)
		}
	}
}

// A batch that loses again and again ends all the same, in the time that a write has.
func TestABatchThatAlwaysLosesEndsInItsTime_G10(t *testing.T) {
	r := newRig(t, "always_lost")
	began := time.Now()
	err := r.store.change(t.Context(), 1, func(_ *tx, b *pgx.Batch) {
		b.Queue("DO $$ BEGIN PERFORM pg_sleep(0.9); RAISE EXCEPTION 'lost' USING ERRCODE = '40P01'; END $$")
	}, func(context.Context, *tx) error { return nil })
	if took := time.Since(began); took > writeTimeout+time.Second {
		t.Errorf("it took %s", took)
	}
	if code := lastcall.CodeOf(wrap("submit", err)); code != lastcall.CodeStoreUnavailable {
		t.Errorf("it was answered %v", err)
	}
}
