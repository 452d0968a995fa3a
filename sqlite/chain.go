package sqlite

import (
	"context"
	"slices"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// notChained stands for the place of an event that is not known: what was written before version 2 of the schema names
// nothing.
const notChained = -1

// chain is what has been found of a task's events, the last one first.
type chain struct {
	key     taskID
	client  string
	box     lastcall.Mailbox
	mailbox int64
	events  []lastcall.Event

	// Where events that are not chained may stand: in [from, to). The times are those of the task's life.

	from, to int64
	created  time.Time
	finished *time.Time
}

// TaskEvents returns the events about a task. There is no index by task, which every event would have to pay for: each
// event names the task's event before it, and the task its last one, so that they are found in as many look-ups as they
// are. Those from before that was so are looked for in what the mailbox holds of the task's lifetime, in portions.
func (s *Store) TaskEvents(ctx context.Context, id string) (lastcall.Mailbox, []lastcall.Event, error) {
	const verb = "task events"
	var c chain
	err := s.read(ctx, verb, func(v view) (err error) {
		c, err = v.chain(id)
		return err
	})
	for err == nil && c.from < c.to {
		// The mailbox is that of the first portion. What is looked for now stood in it then; at most it expires.
		err = s.read(ctx, verb, func(v view) error { return v.search(&c) })
	}
	if err != nil {
		return lastcall.Mailbox{}, nil, err
	}
	slices.Reverse(c.events)
	return c.box, c.events, nil
}

// chain finds what is chained, and where the rest stands if there may be a rest.
func (v view) chain(id string) (c chain, err error) {
	last, err := v.lastEvent(&c, id)
	if err != nil {
		return c, err
	}
	m, err := v.getMailbox(c.client)
	if err != nil {
		return c, err
	}
	if m == nil {
		c.box = lastcall.Mailbox{Client: c.client, Oldest: 1}
		return c, nil
	}
	c.box, c.mailbox, c.to = m.Mailbox, m.id, m.Head+1
	whole, err := v.walkBack(&c, id, last)
	if whole || err != nil {
		c.to = 0
		return c, err
	}
	err = v.narrow(&c)
	return c, err
}

// lastEvent is whose task it is, when it lived, and the place of its last event in the mailbox, 0 if it has none.
func (v view) lastEvent(c *chain, id string) (seq int64, err error) {
	var ok bool
	if c.key, ok = column.ParseID(id); !ok {
		return 0, errNoTask()
	}
	st := v.stmt("task_last_event").Bytes(c.key[:])
	defer st.Reset()
	found, err := st.Step()
	if err == nil && !found {
		err = errNoTask()
	}
	c.client, c.created, c.finished = st.ColText(0), st.ColTime(2), st.ColTimePtr(3)
	return st.ColInt(1), err
}

// walkBack follows the chain from its end, and reports whether that was all: otherwise the rest stands before c.to. An
// event that has expired ends the chain. So does one about another task, or a step that does not lead back: what stands
// there was written to a mailbox made anew, after the one that the task's older events stood in was forgotten.
func (v view) walkBack(c *chain, task string, seq int64) (whole bool, err error) {
	for before := seq + 1; 0 < seq && seq < before; {
		ev, prev, found, err := v.eventAt(c.mailbox, seq)
		if err != nil {
			return false, err
		}
		if !found || ev.Task != task {
			return true, nil
		}
		c.events = append(c.events, ev)
		c.to, before, seq = seq, seq, prev
	}
	return seq != notChained, nil
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
