package sqlite

import (
	"sort"
	"time"

	"github.com/lastcall-dev/lastcall"
)

const (
	// searchRows is how many events are looked through in one read, some milliseconds of it.
	searchRows = 10_000
	// clockSlack is by how much the clock may have been set back while a task lived.
	clockSlack = time.Minute
)

// narrow finds the part of the mailbox in which the task lived. Places have no gaps and times grow with them, so that
// it takes some twenty look-ups, of a mailbox of any length.
func (v view) narrow(c *chain) (err error) {
	if c.from, err = v.placeOf(c, c.box.Oldest, c.created.Add(-clockSlack)); err != nil {
		return err
	}
	if c.finished != nil {
		c.to, err = v.placeOf(c, c.from, c.finished.Add(clockSlack))
	}
	return err
}

// placeOf is the place, from one up to c.to, of the first event of that time or later.
func (v view) placeOf(c *chain, from int64, t time.Time) (seq int64, err error) {
	n := sort.Search(int(max(c.to-from, 0)), func(i int) bool {
		if err != nil {
			return true
		}
		var later bool
		later, err = v.isLater(c.mailbox, from+int64(i), t)
		return later
	})
	return from + int64(n), err
}

// isLater reports whether the event at a place is of that time or later.
func (v view) isLater(mailbox, seq int64, t time.Time) (bool, error) {
	st := v.stmt("event_at").Int(mailbox).Int(seq)
	defer st.Reset()
	found, err := st.Step()
	return found && !st.ColTime(0).Before(t), err
}

// search looks for the task's events in the last portion of what is left, and leaves the portions before it.
func (v view) search(c *chain) error {
	from := max(c.from, c.to-searchRows)
	st := v.stmt("events_of_task").Int(c.mailbox).Int(from).Int(c.to).Bytes(c.key[:])
	var events []lastcall.Event
	err := each(st, func() error {
		ev, err := scanEvent(st)
		events = append(events, ev)
		return err
	})
	if err != nil {
		return err
	}
	c.events, c.to = append(c.events, events...), from
	return nil
}
