package takeover_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// poller is a client that asks for its events by long-poll, again and again, from where it stands.
type poller struct {
	client string
	at     string
}

func (p *poller) live(c *crowd, front *lab.Node) {
	first := true
	for !c.over() {
		path := "/v1/events?wait=2s&client=" + p.client
		if p.at != "" {
			path += "&after=" + p.at
		}
		ctx, cancel := context.WithTimeout(context.Background(), lab.Patience)
		a, err := front.Try(ctx, http.MethodGet, path, "", "Accept: application/json")
		cancel()
		if err != nil || a.Status != http.StatusOK {
			c.fail(p.client, "the long-poll: %d %s %v", a.Status, a.Body, err)
			return
		}
		c.count(&c.streams)
		var page struct {
			Events []lastcall.Event
			Cursor string
		}
		if err := json.Unmarshal(a.Body, &page); err != nil {
			c.fail(p.client, "the long-poll: %s: %v", a.Body, err)
			return
		}
		p.note(c, page.Events, page.Cursor, &first)
	}
}

// note takes down what came. All polls together are one connection that goes on.
func (p *poller) note(c *crowd, events []lastcall.Event, cursor string, first *bool) {
	at, err := lastcall.ParseCursor(cursor)
	if err != nil {
		c.fail(p.client, "the cursor of a long-poll: %v", err)
		return
	}
	conn := fmt.Sprintf("%s, polling", p.client)
	if *first {
		c.log.Connected(p.client, conn, lastcall.Cursor{Epoch: at.Epoch, Seq: at.Seq - int64(len(events))})
		*first = false
	}
	for _, ev := range events {
		c.log.EventSeen(p.client, conn, lastcall.Cursor{Epoch: at.Epoch, Seq: ev.Seq}, ev)
	}
	p.at = cursor
}
