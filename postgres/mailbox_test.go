package postgres

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// Two nodes write to one mailbox; the one that has its number first commits last; a reader comes in between. Were the
// numbers those of a sequence, the reader would be given the second event, go on behind it, and never see the first (G5).
func TestNoCommitSlipsInBehindAPositionThatWasRead_G5(t *testing.T) {
	r := newRig(t, "positions")
	slow, fast := r.submit("alice"), r.submit("alice")
	_, err := r.store.OpenMailbox(t.Context(), "alice")
	r.must(err)
	numbered, goOn := make(chan struct{}), make(chan struct{})
	id, _ := column.ParseID(slow.ID)
	first := begun(func() error {
		return r.store.change(t.Context(), 1, func(tx *tx, b *pgx.Batch) {
			tx.queueTasks(b, []taskID{id}, false)
			tx.queueMail(b, []taskID{id}, nil)
		}, func(_ context.Context, tx *tx) error {
			tx.move(tx.rows[id], func(task *lastcall.Task, now time.Time) *lastcall.Event {
				ev, _ := task.Cancel(now)
				return ev
			})
			close(numbered)
			<-goOn
			return nil
		})
	})
	<-numbered
	node := r.open()
	second := begun(func() error {
		_, err := node.Cancel(t.Context(), fast.ID)
		return err
	})
	done := false
	until(t, "the second waits for the first, or has committed", func() bool {
		select {
		case err := <-second:
			r.must(err)
			done = true
			return true
		default:
		}
		return one[bool](r, r.at, `SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE wait_event_type = 'Lock' AND datname = current_database())`)
	})
	_, between, err := r.store.Events(t.Context(), "alice", 0, 10)
	r.must(err)
	close(goOn)
	r.must(<-first)
	if !done {
		r.must(<-second)
	}
	position := int64(0)
	if len(between) > 0 {
		position = between[len(between)-1].Seq
	}
	box, after, err := r.store.Events(t.Context(), "alice", position, 10)
	r.must(err)
	if all := slices.Concat(between, after); len(all) != 2 || all[0].Seq != 1 || all[1].Seq != 2 || box.Head != 2 {
		t.Errorf("a reader was given %+v, then %+v; the head is %d", between, after, box.Head)
	}
}

// The database's clock is put back, or a standby with another one takes over: a mailbox does not go back in time, as its
// days are dropped by it. But what happens to tasks is not put off until the clock has caught up.
func TestTimesOfAMailboxNeverGoBackAndThoseOfTasksAreNow(t *testing.T) {
	r := newRig(t, "clocks")
	first, second := r.submit("alice"), r.submit("alice")
	_, err := r.store.OpenMailbox(t.Context(), "alice")
	r.must(err)
	r.exec("UPDATE lastcall.mailboxes SET used_at = now() + interval '10 minutes'")
	canceled, err := r.store.Cancel(t.Context(), first.ID)
	r.must(err)
	leases, err := r.store.Lease(t.Context(), lastcall.LeaseRequest{
		Want: []lastcall.LeaseType{{Type: second.Type, Timeout: time.Minute}}, Max: 1, Length: time.Second,
	})
	r.must(err)
	failed, err := r.store.Settle(t.Context(), lastcall.Outcome{
		Task: second.ID, Run: 1, Verdict: lastcall.Fail, Error: &lastcall.TaskError{Code: "x"}, Wait: time.Second,
	})
	r.must(err)
	_, events, err := r.store.Events(t.Context(), "alice", 0, 10)
	r.must(err)
	late := one[time.Time](t, r.at, "SELECT used_at FROM lastcall.mailboxes")
	if len(leases) != 1 || len(events) != 2 || !events[0].At.Equal(late) || !events[1].At.Equal(late) {
		t.Errorf("behind an event of %s stands %+v", late, events)
	}
	if soon := late.Add(-9 * time.Minute); canceled.FinishedAt.After(soon) || failed.RunAt.After(soon) {
		t.Errorf("a task ended at %s, and a backoff of a second is over at %s", canceled.FinishedAt, failed.RunAt)
	}
}
