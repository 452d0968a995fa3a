package sqlite

import (
	"context"
	"slices"

	"github.com/lastcall-dev/lastcall"
)

// TaskEvents returns the events about a task. There is no index by task, which every event would have to pay for: each
// event names the task's event before it, and the task its last one, so that they are found in as many look-ups as they
// are.
func (s *Store) TaskEvents(ctx context.Context, id string) (box lastcall.Mailbox, events []lastcall.Event, err error) {
	err = s.read(ctx, "task events", func(v view) (err error) {
		box, events, err = v.taskEvents(id)
		return err
	})
	if err != nil {
		return lastcall.Mailbox{}, nil, err
	}
	return box, events, nil
}

func (v view) taskEvents(id string) (box lastcall.Mailbox, events []lastcall.Event, err error) {
	client, last, err := v.lastEvent(id)
	if err != nil {
		return box, nil, err
	}
	m, err := v.getMailbox(client)
	if err != nil {
		return box, nil, err
	}
	if m == nil {
		return lastcall.Mailbox{Client: client, Oldest: 1}, nil, nil
	}
	events, err = v.walkBack(m.id, id, last)
	return m.Mailbox, events, err
}

// lastEvent is whose task it is, and the place of its last event in the mailbox, 0 if it has none.
func (v view) lastEvent(id string) (client string, seq int64, err error) {
	key, ok := parseID(id)
	if !ok {
		return "", 0, errNoTask()
	}
	st := v.stmt("task_last_event").Bytes(key[:])
	defer st.Reset()
	found, err := st.Step()
	if err == nil && !found {
		err = errNoTask()
	}
	return st.ColText(0), st.ColInt(1), err
}

// walkBack follows the chain from its end and returns it in order. An event that has expired ends it. So does one about
// another task, or a step that does not lead back: what stands there was written to a mailbox made anew, after the one
// that the task's older events stood in was forgotten.
func (v view) walkBack(mailbox int64, task string, seq int64) (events []lastcall.Event, err error) {
	for before := seq + 1; 0 < seq && seq < before; {
		ev, prev, found, err := v.eventAt(mailbox, seq)
		if err != nil {
			return nil, err
		}
		if !found || ev.Task != task {
			break
		}
		events = append(events, ev)
		before, seq = seq, prev
	}
	slices.Reverse(events)
	return events, nil
}

// eventAt is the event at a place of a mailbox, and the place of the one before it of the same task.
func (v view) eventAt(mailbox, seq int64) (ev lastcall.Event, prev int64, found bool, err error) {
	st := v.stmt("event_get").Int(mailbox).Int(seq)
	defer st.Reset()
	if found, err = st.Step(); !found || err != nil {
		return ev, 0, false, err
	}
	ev, err = scanEvent(st)
	return ev, st.ColInt(8), true, err
}
