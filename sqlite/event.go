package sqlite

import (
	"context"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// appendEvent writes an event about a task at the head of its client's mailbox (G5), and chains it to the task's event
// before; the caller writes r. The mailbox is made if its client was never here: what happens before it first comes
// waits for it.
//
// The number comes from the mailbox's own row, which is written with the event. A reader of any snapshot therefore sees
// no event before those with smaller numbers, and a transaction that fails leaves no gap.
func (tx *tx) appendEvent(r *row, ev *lastcall.Event) error {
	m, err := tx.openMailbox(r.Client)
	if err != nil {
		return err
	}
	id := tx.mint.next()
	st := tx.stmt("event_insert")
	st.Int(m.id).Int(m.Head + 1).Bytes(id[:]).Int(int64(column.EventTypes.Number(ev.Type))).Bytes(r.id[:])
	if err := st.Int(ev.Run).Int(int64(ev.Attempt)).Time(ev.At).Bytes(ev.Data).Int(r.last).Run(); err != nil {
		return err
	}
	r.last = m.Head + 1
	m.Head++ // the row follows in flush, once for all events of the batch
	m.usedAt, m.changed = tx.now, true
	return nil
}

// Events returns a mailbox and what stands in it behind a position, from one snapshot: at most limit events, and no
// more once they hold lastcall.PageBytes. Mailbox.Head, which is of the same moment, tells whether there are more.
func (s *Store) Events(ctx context.Context, client string, after int64, limit int) (box lastcall.Mailbox, out []lastcall.Event, err error) {
	err = s.read(ctx, "events", func(v view) error {
		m, err := v.getMailbox(client)
		if err != nil {
			return err
		}
		if m == nil {
			return lastcall.Errorf(lastcall.CodeNotFound, "the client has no mailbox")
		}
		box = m.Mailbox
		out, err = v.eventsAfter(m.id, after, limit)
		return err
	})
	if err != nil {
		return lastcall.Mailbox{}, nil, err
	}
	return box, out, nil
}

func (v view) eventsAfter(mailbox, after int64, limit int) (events []lastcall.Event, err error) {
	if limit <= 0 {
		return nil, nil
	}
	st := v.stmt("events_after")
	defer st.Reset()
	st.Int(mailbox).Int(after).Int(int64(limit))
	for size := 0; size < lastcall.PageBytes; {
		found, err := st.Step()
		if !found || err != nil {
			return events, err
		}
		ev, err := scanEvent(st)
		if err != nil {
			return nil, err
		}
		events = append(events, ev)
		size += len(ev.Data)
	}
	return events, nil
}

func scanEvent(st *sqlite3.Stmt) (ev lastcall.Event, err error) {
	var id, task taskID
	st.ColCopy(1, id[:])
	st.ColCopy(3, task[:])
	ev = lastcall.Event{
		Seq: st.ColInt(0), ID: id.String(), Task: task.String(),
		Run: st.ColInt(4), Attempt: int(st.ColInt(5)), At: st.ColTime(6), Data: st.ColBytes(7),
	}
	ev.Type, err = column.EventTypes.At(int(st.ColInt(2)))
	return ev, err
}
