package client

import (
	"context"
	"iter"

	"github.com/lastcall-dev/lastcall"
)

// EventOptions say where and how a mailbox is read.
type EventOptions struct {
	// After is the cursor of the last event that is known. The zero value begins behind what the client has
	// acknowledged, or at the oldest event that is kept.
	After lastcall.Cursor
	// Peek acknowledges nothing: the mailbox is left as it was found, for the one whose it is.
	Peek bool
	// Progress asks for the states of task.progress too.
	Progress bool
}

// Events reads the client's mailbox until ctx ends, which is the last error that it yields, or until the server says
// that this client shall not come back: *CloseError, or a *lastcall.Error such as CodeForbidden. All else, restarts and
// outages of any length, it bridges: it tells of them (Lost, Connected) and goes on where it was.
//
// An event is acknowledged when the loop asks for what follows it, and not if the loop is left: one that was not dealt
// with comes again to the next reader. Several readers of one client should keep their cursors themselves, and say After.
// A loop that takes long over an event is no trouble: what has come meanwhile is kept, here or in the mailbox.
func (c *Client) Events(ctx context.Context, o EventOptions) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		r := &reader{client: c, options: o}
		if o.After != (lastcall.Cursor{}) {
			r.pos = position{at: o.After, known: true}
		}
		err := r.run(ctx, func(m Message) bool { return yield(m, nil) })
		r.end()
		if err != nil {
			yield(nil, err)
		}
	}
}
