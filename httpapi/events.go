package httpapi

import (
	"net/http"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// events is a client's mailbox for those who open no socket: an event stream, or a long-poll for who asks for JSON. Who
// takes both gets the stream, unless it says how long to wait, which only a poll does.
func (a *api) events(c *call) error {
	q, err := readQuery(c.r, []string{"client", "after", "wait"}, nil)
	if err != nil {
		return err
	}
	who, err := a.identify(c.r, q)
	if err != nil {
		return err
	}
	after, err := position(c.r.Header, q)
	if err != nil {
		return err
	}
	wait, err := q.span("wait", a.Limits.Wait)
	if err != nil {
		return err
	}
	stream, err := c.wantsStream(!q.has("wait"))
	switch {
	case err != nil:
		return err
	case !stream:
		return a.poll(c, who.Client, after, wait)
	case q.has("wait"):
		return invalid(field("wait", "is for application/json; a stream waits anyway"))
	}
	return c.stream(func(w http.ResponseWriter, r *http.Request) { a.Streams.ServeEvents(w, r, who.Client, after) })
}

// lastEventID is how an EventSource that comes back says what it has seen.
const lastEventID = "Last-Event-Id"

// position is from where on a client wants its events, nil if it does not say. The header overrules ?after=: an
// EventSource sends it when it comes back, to the address with which it began.
func position(h http.Header, q query) (*lastcall.Cursor, error) {
	name, text := "after", q.get("after")
	if !q.has("after") {
		name = ""
	}
	if ids := h[lastEventID]; len(ids) > 1 {
		return nil, invalid(field("Last-Event-ID", "is given more than once"))
	} else if len(ids) == 1 && ids[0] != "" { // an empty one says that none was seen
		name, text = "Last-Event-ID", ids[0]
	}
	if name == "" {
		return nil, nil //nolint:nilnil // nil is a position: where the client left off
	}
	at, err := lastcall.ParseCursor(text)
	if err != nil {
		return nil, invalid(field(name, "is no cursor that this server gives"))
	}
	return &at, nil
}

// poll answers with the events behind a position, as soon as there are any. When a drain needs the connection is for
// Streams to say: it sends its clients on one by one, so that they do not all come to the next node at once.
func (a *api) poll(c *call, client string, after *lastcall.Cursor, wait time.Duration) error {
	events, at, gap, err := a.Streams.Poll(c.ctx(), client, after, wait)
	if err != nil {
		return err
	}
	c.answerEvents(events, at, gap)
	return nil
}
