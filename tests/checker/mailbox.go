package checker

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/lastcall-dev/lastcall"
)

// mailbox is what all connections of a client together have shown of its mailbox, epoch by epoch.
type mailbox struct {
	client string
	epochs []string
	events map[lastcall.Cursor]lastcall.Event
	gone   map[lastcall.Cursor]bool // what a gap has declared to be past its retention
	again  int                      // events that came more than once
}

// mailboxes reads all connections: each must be in order and without an unannounced gap, and all of a client's must
// show the same mailbox (G5).
func (a *audit) mailboxes() {
	for _, name := range a.order {
		c := a.conns[name]
		box := a.boxes[c.client]
		if box == nil {
			box = &mailbox{client: c.client, events: map[lastcall.Cursor]lastcall.Event{}, gone: map[lastcall.Cursor]bool{}}
			a.boxes[c.client] = box
		}
		a.connection(name, c, box)
	}
	for _, client := range a.clients() {
		a.whole(a.boxes[client])
	}
}

func (a *audit) clients() []string { return slices.Sorted(maps.Keys(a.boxes)) }

// connection follows one connection.
func (a *audit) connection(name string, c *connection, box *mailbox) {
	at := c.from
	for _, f := range c.frames {
		if f.gap != nil {
			a.gap(name, c, box, at, f.gap)
		} else {
			a.event(name, c, box, at, f)
		}
		at = &f.cursor
	}
}

// event checks that an event is the next one, and the same that others were shown in its place.
func (a *audit) event(name string, c *connection, box *mailbox, at *lastcall.Cursor, f frame) {
	ev := *f.event
	switch {
	case f.cursor.Seq != ev.Seq || f.cursor.Epoch == "":
		a.broken("G5", "a cursor is not its event's", c.client, "%s: the cursor %s came with event %d", name, f.cursor, ev.Seq)
	case at != nil && f.cursor.Epoch != at.Epoch:
		a.broken("G5", "the epoch changed unannounced", c.client, "%s: from %s to %s", name, at, f.cursor)
	case at != nil && ev.Seq > at.Seq+1:
		a.broken("G5", "events were skipped", c.client, "%s: %s came after %s", name, f.cursor, at)
	case at != nil && ev.Seq <= at.Seq:
		a.broken("G5", "an event came out of order", c.client, "%s: %s came after %s", name, f.cursor, at)
	}
	if !slices.Contains(box.epochs, f.cursor.Epoch) {
		box.epochs = append(box.epochs, f.cursor.Epoch)
	}
	first, known := box.events[f.cursor]
	if !known {
		box.events[f.cursor] = ev
		return
	}
	box.again++
	if !same(first, ev) {
		a.broken("G5", "an event changed between two deliveries", c.client, "%s: %s was %+v and is %+v", name, f.cursor, first, ev)
	}
}

// gap checks what a client was told of a gap: it must be allowed, and join what came before with what follows.
func (a *audit) gap(name string, c *connection, box *mailbox, at *lastcall.Cursor, g *lastcall.Gap) {
	if !a.expect.Gaps {
		a.broken("G5", "events are gone", c.client, "%s: a gap (%s) from %v to %s", name, g.Why, at, g.Cursor)
		return
	}
	if g.Why != lastcall.GapExpired {
		return
	}
	if at != nil && (g.From != at.Seq+1 || g.To != g.Cursor.Seq) {
		a.broken("G5", "a gap is not where it says", c.client, "%s: from %d to %d, between %s and %s", name, g.From, g.To, at, g.Cursor)
		return
	}
	for seq := g.From; seq <= g.To; seq++ {
		box.gone[lastcall.Cursor{Epoch: g.Cursor.Epoch, Seq: seq}] = true
	}
}

// whole checks that a mailbox has no hole, and that only a gap has given it another epoch.
func (a *audit) whole(box *mailbox) {
	if len(box.epochs) > 1 && !a.expect.Gaps {
		a.broken("G5", "a mailbox has two epochs", box.client, "%v", box.epochs)
	}
	for _, epoch := range box.epochs {
		last := int64(0)
		for c := range box.events {
			if c.Epoch == epoch {
				last = max(last, c.Seq)
			}
		}
		for seq := int64(1); seq <= last; seq++ {
			c := lastcall.Cursor{Epoch: epoch, Seq: seq}
			if _, ok := box.events[c]; !ok && !box.gone[c] {
				a.broken("G5", "an event was never delivered", box.client, "%s is missing, %d is the last", c, last)
			}
		}
	}
}

// inOrder lists a mailbox's events.
func (m *mailbox) inOrder() []lastcall.Event {
	var all []lastcall.Event
	for _, epoch := range m.epochs {
		var of []lastcall.Event
		for c, ev := range m.events {
			if c.Epoch == epoch {
				of = append(of, ev)
			}
		}
		slices.SortFunc(of, func(x, y lastcall.Event) int { return int(x.Seq - y.Seq) })
		all = append(all, of...)
	}
	return all
}

// same reports whether two deliveries show one event.
func same(x, y lastcall.Event) bool {
	return x.Seq == y.Seq && x.ID == y.ID && x.Type == y.Type && x.Task == y.Task && x.Run == y.Run && x.Attempt == y.Attempt &&
		x.At.Equal(y.At) && sameJSON(x.Data, y.Data)
}

// sameJSON compares texts by what they mean: spaces may be lost on the way.
func sameJSON(x, y json.RawMessage) bool {
	var a, b bytes.Buffer
	if json.Compact(&a, x) != nil || json.Compact(&b, y) != nil {
		return bytes.Equal(x, y)
	}
	return bytes.Equal(a.Bytes(), b.Bytes())
}
