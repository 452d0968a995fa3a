package takeover_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// caller submits tasks for all clients, waits for some and reads others, on connections that it keeps or on new ones.
type caller struct {
	name  string
	keeps bool
	known []string
}

// pace is how long a caller rests between two requests: some hundred requests a second for all of them.
const pace = 25 * time.Millisecond

func (p *caller) live(c *crowd, front *lab.Node) {
	for c.pause(time.Duration(rand.Int64N(2 * int64(pace)))) {
		p.act(c, front)
	}
}

func (p *caller) act(c *crowd, front *lab.Node) {
	switch n := rand.IntN(10); {
	case len(p.known) == 0 || n < 5:
		p.submit(c, front, rand.IntN(100), "")
	case n < 6:
		p.submit(c, front, 200+rand.IntN(800), "") // long enough to be in the way of a drain
	case n < 7:
		p.submit(c, front, rand.IntN(300), "Prefer: wait=10")
	case n < 8:
		p.read(c, front, "?wait=2s")
	default:
		p.read(c, front, "")
	}
}

func (p *caller) submit(c *crowd, front *lab.Node, ms int, header string) {
	client := c.clients[rand.IntN(len(c.clients))]
	body := fmt.Sprintf(c.work, client, ms)
	headers := []string{"Lastcall-Client: " + client}
	if header != "" {
		headers = append(headers, header)
	}
	begin := time.Now()
	t, ok := p.ask(c, front, http.MethodPost, "/v1/tasks", body, headers...)
	if !ok {
		return
	}
	if header == "" {
		c.mu.Lock()
		c.submits = append(c.submits, time.Since(begin))
		c.mu.Unlock()
	}
	c.log.Submitted(checker.Submit{Client: client}, t)
	c.log.TaskSeen(p.name, t)
	p.known = append(p.known, t.ID)
}

func (p *caller) read(c *crowd, front *lab.Node, query string) {
	id := p.known[len(p.known)-1-rand.IntN(min(len(p.known), 5))]
	if t, ok := p.ask(c, front, http.MethodGet, "/v1/tasks/"+id+query, ""); ok {
		c.log.TaskSeen(p.name, t)
	}
}

// ask sends a request. Whatever is not the answer that it would get of one node that never stops is a failure.
func (p *caller) ask(c *crowd, front *lab.Node, method, path, body string, headers ...string) (t lastcall.Task, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), lab.Patience)
	defer cancel()
	c.count(&c.requests)
	a, err := front.Try(ctx, method, path, body, headers...)
	switch {
	case err != nil:
		c.fail(p.name, "%s %s: %v", method, path, err)
	case a.Status != http.StatusOK && a.Status != http.StatusAccepted:
		c.fail(p.name, "%s %s: %d %s", method, path, a.Status, a.Body)
	default:
		if err := json.Unmarshal(a.Body, &t); err != nil {
			c.fail(p.name, "%s %s: %s: %v", method, path, a.Body, err)
		}
		return t, err == nil
	}
	return t, false
}
