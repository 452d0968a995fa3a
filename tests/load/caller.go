package load

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
	keys  int // that it has used
	known []string
}

func (p *caller) live(c *Crowd, front *lab.Node) {
	for pause(time.Duration(rand.Int64N(2*int64(c.plan.Pace))), c.enough) {
		p.act(c, front)
	}
}

func (p *caller) act(c *Crowd, front *lab.Node) {
	longest := int(c.plan.Longest.Milliseconds())
	if len(p.known) > 0 && rand.IntN(100) < c.plan.Reads {
		p.read(c, front, "")
		return
	}
	switch n := rand.IntN(10); {
	case len(p.known) == 0 || n < 5:
		p.submit(c, front, rand.IntN(longest/10), "")
	case n < 6:
		p.submit(c, front, longest/5+rand.IntN(longest*4/5), "") // long enough to be in the way of a drain
	case n < 7:
		p.submit(c, front, rand.IntN(longest*3/10), "Prefer: wait=10")
	case n < 8:
		p.read(c, front, "?wait=2s")
	default:
		p.read(c, front, "")
	}
}

// submit submits a task. Half of them have a key, and of those some are submitted once more, which is to make no second
// task on whichever node.
func (p *caller) submit(c *Crowd, front *lab.Node, ms int, header string) {
	s := checker.Submit{Client: c.Clients[rand.IntN(len(c.Clients))]}
	headers := []string{"Lastcall-Client: " + s.Client}
	if header != "" {
		headers = append(headers, header)
	}
	times := 1
	if rand.IntN(2) == 0 {
		p.keys++
		s.Key = fmt.Sprintf("%s-%d", p.name, p.keys)
		headers = append(headers, "Idempotency-Key: "+s.Key)
		if rand.IntN(4) == 0 {
			times = 2
		}
	}
	for range times {
		begin := time.Now()
		t, ok := p.ask(c, front, http.MethodPost, "/v1/tasks", fmt.Sprintf(c.plan.Work, s.Client, ms), headers...)
		if !ok {
			c.Log.SubmitUnknown(s)
			continue
		}
		if header == "" {
			c.took(time.Since(begin))
		}
		c.Log.Submitted(s, t)
		c.Log.TaskSeen(p.name, t)
		p.known = append(p.known, t.ID)
	}
}

func (p *caller) read(c *Crowd, front *lab.Node, query string) {
	id := p.known[len(p.known)-1-rand.IntN(min(len(p.known), 5))]
	if t, ok := p.ask(c, front, http.MethodGet, "/v1/tasks/"+id+query, ""); ok {
		c.Log.TaskSeen(p.name, t)
	}
}

// ask is Ask for a task.
func (p *caller) ask(c *Crowd, front *lab.Node, method, path, body string, headers ...string) (t lastcall.Task, ok bool) {
	a, ok := c.Ask(p.name, front, method, path, body, headers...)
	if !ok {
		return t, false
	}
	if err := json.Unmarshal(a.Body, &t); err != nil {
		c.failf(p.name, "%s %s: %s: %v", method, path, a.Body, err)
		return t, false
	}
	return t, true
}

// Ask sends a request. Whatever is not the answer that it would get of one node that never stops is a failure, unless the
// outage explains it.
func (c *Crowd) Ask(who string, front *lab.Node, method, path, body string, headers ...string) (a lab.Answer, ok bool) {
	ctx, cancel := context.WithTimeout(context.Background(), lab.Patience)
	defer cancel()
	c.count(&c.tally.requests)
	a, err := front.Try(ctx, method, path, body, headers...)
	switch {
	case c.plan.Outage.excuses(a, err):
		c.count(&c.tally.excused)
		c.tally.explain(fmt.Sprintf("%s: %s %s: %d %s %v", who, method, path, a.Status, a.Code(), err))
	case err != nil:
		c.failf(who, "%s %s: %v", method, path, err)
	case a.Status < http.StatusOK || a.Status >= http.StatusMultipleChoices:
		c.failf(who, "%s %s: %d %s", method, path, a.Status, a.Body)
	default:
		return a, true
	}
	return a, false
}
