package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// event is an event with its place.
type event struct {
	*lastcall.Event
	mailbox int64
	id      taskID
	task    taskID
	prev    int64 // seq of the task's event before it
}

// appendEvent writes an event about a task at the head of its client's mailbox (G5), and chains it to the task's event
// before. The mailbox is made if its client was never here: what happens before it first comes waits for it.
//
// The number comes from the mailbox's own row, which this transaction has locked and writes with the event. Whoever
// writes to the mailbox next has waited for this commit, so that a reader of any snapshot sees no event before those
// with smaller numbers; and a transaction that fails leaves no gap.
//
// The database's clock may have been put back, or be another's after a fail-over. A mailbox does not go back in time, as
// its days are dropped by it: such an event is told to be of the same moment as the one before. Nothing else is, since
// what has happened to the task goes by the clock that the next attempt and its leases go by.
func (tx *tx) appendEvent(r *row, ev *lastcall.Event) {
	m := tx.openMailbox(r.Client)
	if m == nil {
		return // the transaction will be run again
	}
	m.Head++
	ev.Seq = m.Head
	if ev.At.Before(m.usedAt) {
		ev.At = m.usedAt
	}
	id := tx.s.mint.next(ev.At, r.id[len(r.id)-1])
	tx.events = append(tx.events, event{Event: ev, mailbox: m.id, id: id, task: r.id, prev: r.last})
	r.last = m.Head
	m.usedAt, m.changed = ev.At, true
}

// Events returns a mailbox and what stands in it behind a position, from one snapshot: at most limit events, and no
// more once they hold lastcall.PageBytes. Mailbox.Head, which is of the same moment, tells whether there are more.
func (s *Store) Events(ctx context.Context, client string, after int64, limit int) (box lastcall.Mailbox, out []lastcall.Event, err error) {
	err = s.read(ctx, "events", func(ctx context.Context, c *pgx.Conn) error {
		if !storable(client) {
			return errNoMailbox()
		}
		rows, err := c.Query(ctx, s.sql["events_after"], client, after, max(limit, 0), lastcall.PageBytes)
		if err != nil {
			return err
		}
		var found bool
		box, out, found, err = collectEvents(rows)
		if err == nil && !found {
			err = errNoMailbox()
		}
		return err
	})
	if err != nil {
		return lastcall.Mailbox{}, nil, err
	}
	return box, out, nil
}

func errNoMailbox() error { return lastcall.Errorf(lastcall.CodeNotFound, "the client has no mailbox") }

// TaskEvents returns the events about a task. There is no index by task, which every event would have to pay for: each
// event names the task's event before it, and the task its last one, so that they are found in as many look-ups as they
// are.
func (s *Store) TaskEvents(ctx context.Context, id string) (box lastcall.Mailbox, out []lastcall.Event, err error) {
	err = s.read(ctx, "task events", func(ctx context.Context, c *pgx.Conn) error {
		key, ok := column.ParseID(id)
		if !ok {
			return errNoTask()
		}
		rows, err := c.Query(ctx, s.sql["task_events"], [16]byte(key))
		if err != nil {
			return err
		}
		var found bool
		box, out, found, err = collectEvents(rows)
		if err == nil && !found {
			err = errNoTask()
		}
		return err
	})
	if err != nil {
		return lastcall.Mailbox{}, nil, err
	}
	return box, out, nil
}

// collectEvents reads rows of a mailbox beside an event each, or beside none.
func collectEvents(rows pgx.Rows) (box lastcall.Mailbox, out []lastcall.Event, found bool, err error) {
	defer rows.Close()
	for rows.Next() {
		found = true
		if err := scanEvent(rows, &box, &out); err != nil {
			return box, nil, true, err
		}
	}
	return box, out, found, rows.Err()
}

// scanEvent reads a row. The mailbox, the same in all of them, is read from the first.
func scanEvent(rows pgx.Rows, box *lastcall.Mailbox, out *[]lastcall.Event) error {
	var (
		epoch               *string
		head, oldest, acked *int64
		seq, run            *int64
		id, task            *[16]byte
		typ                 *int16
		attempt             *int
		ev                  lastcall.Event
	)
	at := &ev.At
	err := rows.Scan(nil, &box.Client, &epoch, &head, &oldest, &acked, nil,
		&seq, &id, &typ, &task, &run, &attempt, &at, (*[]byte)(&ev.Data))
	if err != nil {
		return err
	}
	box.Epoch, box.Oldest = value(epoch), 1
	if epoch != nil {
		box.Head, box.Oldest, box.Acked = *head, *oldest, *acked
	}
	if seq == nil {
		return nil
	}
	ev.Seq, ev.ID, ev.Task, ev.Run, ev.Attempt = *seq, taskID(*id).String(), taskID(*task).String(), *run, *attempt
	ev.At = at.UTC()
	ev.Type, err = column.EventTypes.At(int(*typ))
	*out = append(*out, ev)
	return err
}
