package sqlite

import (
	"context"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// Forget removes a finished task with its parts. Its events are its client's, and stay.
func (s *Store) Forget(ctx context.Context, id string) error {
	return s.write(ctx, "forget", rowBytes, func(tx *tx) error {
		key, ok := column.ParseID(id)
		if !ok {
			return errNoTask()
		}
		r, err := tx.getRow(key)
		if err != nil {
			return err
		}
		if !r.Status.Done() {
			return lastcall.Errorf(lastcall.CodeNotFinished, "the task has not reached its end; cancel it first")
		}
		_, err = tx.forgetTasks([]taskID{key})
		return err
	})
}

// forget deletes what findOld has found, at most o.limit rows of each kind, and counts tasks and events. It goes by keys
// and never by a condition alone: a DELETE that has to look for its rows would hold up everybody for as long.
func (tx *tx) forget(o *old) (n int, err error) {
	if n, err = tx.forgetTasks(o.tasks); err != nil {
		return n, err
	}
	events, err := tx.forgetEvents(o)
	if err != nil {
		return n, err
	}
	if err := tx.forgetMailboxes(o.unused); err != nil {
		return n, err
	}
	for _, queue := range o.queues {
		if err := tx.stmt("queue_delete").Text(queue).Run(); err != nil {
			return n, err
		}
	}
	keys := tx.stmt("keys_forget").Time(tx.now.Add(-lastcall.IdempotencyWindow)).Int(int64(o.limit))
	if err := keys.Run(); err != nil {
		return n, err
	}
	return n + events, tx.stmt("nodes_forget").Time(tx.now.Add(-lastcall.NodeKept)).Run()
}

// forgetTasks deletes finished tasks with their parts. One that another sweep has deleted is not counted again.
func (tx *tx) forgetTasks(ids []taskID) (n int, err error) {
	for _, id := range ids {
		st := tx.stmt("task_delete").Bytes(id[:])
		there, err := st.Step()
		parts := there && st.ColBool(0)
		st.Reset()
		if err != nil {
			return n, err
		}
		if there {
			n++
		}
		if parts {
			if err := tx.stmt("parts_delete").Bytes(id[:]).Run(); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// forgetEvents deletes the first events of mailboxes, as far as they are past their retention.
func (tx *tx) forgetEvents(o *old) (n int, err error) {
	for _, client := range o.mailboxes {
		if n >= o.limit {
			break
		}
		m, err := tx.mailbox(client)
		if err != nil {
			return n, err
		}
		if m == nil {
			continue
		}
		gone, err := tx.thinOut(m, o.eventsBefore, o.limit-n)
		if err != nil {
			return n, err
		}
		n += gone
	}
	o.more = o.more || n >= o.limit
	return n, nil
}

// thinOut deletes the first events of a mailbox that are older than before, at most limit, and counts them. It stops at
// the first that is not, so that what is kept has no gap; Oldest says in the same commit what is gone (G5).
func (tx *tx) thinOut(m *mailbox, before time.Time, limit int) (n int, err error) {
	st := tx.stmt("events_age").Int(m.id).Int(int64(limit))
	last := int64(0)
	for {
		found, err := st.Step()
		if err != nil {
			return 0, err
		}
		if !found || !st.ColTime(1).Before(before) {
			break
		}
		last = st.ColInt(0)
		n++
	}
	st.Reset()
	if n == 0 {
		return 0, nil
	}
	m.Oldest, m.changed = last+1, true
	return n, tx.stmt("events_delete").Int(m.id).Int(last).Run()
}

// forgetMailboxes deletes mailboxes without events whose clients have long not been here.
func (tx *tx) forgetMailboxes(clients []string) error {
	for _, client := range clients {
		m, err := tx.mailbox(client)
		if err != nil {
			return err
		}
		if m == nil || m.Oldest <= m.Head || tx.now.Sub(m.usedAt) < lastcall.MailboxKept {
			continue
		}
		if err := tx.stmt("mailbox_delete").Int(m.id).Run(); err != nil {
			return err
		}
		delete(tx.mailboxes, client)
	}
	return nil
}
