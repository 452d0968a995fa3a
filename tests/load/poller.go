package load

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// poller is a client that asks for its events by long-poll, again and again, from where it stands.
type poller struct {
	client string
	at     string
}

func (p *poller) live(c *Crowd, front *lab.Node) {
	for !c.over() {
		path := "/v1/events?wait=2s&client=" + p.client
		if p.at != "" {
			path += "&after=" + p.at
		}
		ctx, cancel := context.WithTimeout(context.Background(), lab.Patience)
		a, err := front.Try(ctx, http.MethodGet, path, "", "Accept: application/json")
		cancel()
		if err != nil || a.Status != http.StatusOK {
			if !c.lostf(p.client, "the long-poll: %d %s %v", a.Status, a.Body, err) {
				return
			}
			continue
		}
		c.count(&c.tally.streams)
		var page struct {
			Events []lastcall.Event `json:"events"`
			Cursor string           `json:"cursor"`
		}
		if err := json.Unmarshal(a.Body, &page); err != nil {
			c.failf(p.client, "the long-poll: %s: %v", a.Body, err)
			return
		}
		if !p.note(c, page.Events, page.Cursor) {
			return
		}
	}
}

// note takes down what came. All polls together are one connection that goes on.
func (p *poller) note(c *Crowd, events []lastcall.Event, cursor string) bool {
	at, err := lastcall.ParseCursor(cursor)
	if err != nil {
		c.failf(p.client, "the cursor of a long-poll: %v", err)
		return false
	}
	conn := p.client + ", polling"
	if p.at == "" {
		c.Log.Connected(p.client, conn, lastcall.Cursor{Epoch: at.Epoch, Seq: at.Seq - int64(len(events))})
	}
	for _, ev := range events {
		c.Log.EventSeen(p.client, conn, lastcall.Cursor{Epoch: at.Epoch, Seq: ev.Seq}, ev)
	}
	c.heard.to(p.client, at.Seq)
	p.at = cursor
	return true
}
