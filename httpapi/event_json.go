package httpapi

import (
	"net/http"

	"github.com/lastcall-dev/lastcall"
)

// gap is a hole in what a client is told, as every transport tells of it.
type gap struct {
	Why    lastcall.GapReason `json:"why"`
	From   int64              `json:"from,omitempty"`
	To     int64              `json:"to,omitempty"`
	Cursor string             `json:"cursor"`
}

// answerEvents answers with events of one mailbox, and the position up to which they tell everything. A gap comes before
// them.
func (c *call) answerEvents(events []lastcall.Event, at lastcall.Cursor, hole *lastcall.Gap) {
	b := borrow()
	defer b.giveBack()
	b.raw(`{"events":[`)
	for i := range events {
		if i > 0 {
			b.raw(",")
		}
		b.event(&events[i], at.Epoch)
	}
	b.raw(`],"cursor":`)
	if at.Epoch == "" { // nothing was ever written to the mailbox
		b.raw("null")
	} else {
		b.text(at.String())
	}
	if hole != nil {
		b.raw(`,"gap":`).value(gap{hole.Why, hole.From, hole.To, hole.Cursor.String()}, false)
	}
	b.raw("}")
	c.answer(http.StatusOK, typeJSON, b.bytes)
}

// event writes an event, with its position.
func (b *buffer) event(e *lastcall.Event, epoch string) {
	b.raw(`{"seq":`).int(e.Seq)
	b.raw(`,"id":`).text(e.ID)
	b.raw(`,"type":`).text(string(e.Type))
	b.raw(`,"task":`).text(e.Task)
	b.raw(`,"run":`).int(e.Run)
	b.raw(`,"attempt":`).int(int64(e.Attempt))
	b.raw(`,"at":`).time(&e.At)
	b.raw(`,"data":`)
	if len(e.Data) == 0 {
		b.raw("{}")
	} else {
		b.json(e.Data)
	}
	b.raw(`,"cursor":`).text(lastcall.Cursor{Epoch: epoch, Seq: e.Seq}.String())
	b.raw("}")
}
