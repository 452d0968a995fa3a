package soak_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/load"
)

// nap is what the crowd itself asks for: a built-in type, which the node runs that is never restarted.
const nap = `{"type":"sleep","client":%q,"input":{"ms":%d,"steps":2}}`

// party is those of a window who do what the crowd does not.
type party struct {
	t    *testing.T
	c    *load.Crowd
	pace time.Duration
}

// invite brings together who does what in a window.
func (r *rig) invite(t *testing.T, c *load.Crowd, i int) {
	t.Helper()
	p := &party{t: t, c: c, pace: r.plan.pace}
	for _, does := range []func(front *lab.Node){
		p.order, p.order, p.batch, p.cancel, p.retry, p.delete, p.look,
	} {
		c.Calls(func(front *lab.Node, home <-chan struct{}) {
			for p.rest(home) {
				does(front)
			}
		})
	}
	c.Calls(p.expire)
	c.Calls(func(front *lab.Node, home <-chan struct{}) {
		for p.rest(home) {
			p.quietly(front, resident, `{"type":"echo","client":"`+resident+`","input":1}`)
			p.quietly(front, guest, `{"type":"echo","client":"`+guest+`","input":1}`)
		}
	})
	for range 2 {
		c.Stays(p.work)
	}
	c.Stays(p.wander)
	c.Stays(r.guests.resident.listen(t))
	if i%5 == 0 { // who comes so seldom finds that events have expired meanwhile
		c.Stays(r.guests.seldom.listen(t))
	}
}

// rest waits a while; it is false when it is time to go home.
func (p *party) rest(home <-chan struct{}) bool {
	select {
	case <-time.After(time.Duration(rand.Int64N(2 * int64(p.pace)))):
		return true
	case <-home:
		return false
	}
}

func (p *party) client() string { return p.c.Clients[rand.IntN(len(p.c.Clients))] }

// menu is what is ordered one at a time, with places for the client and a number.
var menu = []string{
	`{"type":"command","client":%q,"input":%d}`,
	`{"type":"command","client":%q,"input":%d,"delay":"700ms","priority":5,"labels":{"of":"soak"}}`,
	`{"type":"stumble","client":%q,"input":%d,"queue":"slow"}`,
	`{"type":"broken","client":%q,"input":%d}`,
	`{"type":"service","client":%q,"input":%d}`,
	`{"type":"service","client":%q,"input":%d,"priority":-5}`,
	`{"type":"flaky","client":%q,"input":%d}`,
	`{"type":"later","client":%q,"input":%d}`,
	`{"type":"outside","client":%q,"input":%d}`,
	`{"type":"outside","client":%q,"input":%d}`,
	`{"type":"echo","client":%q,"input":%d}`,
}

// order submits something of the menu, every third time with a key, and then once more.
func (p *party) order(front *lab.Node) {
	s := checker.Submit{Client: p.client()}
	body := fmt.Sprintf(menu[rand.IntN(len(menu))], s.Client, rand.IntN(1000))
	if rand.IntN(3) > 0 {
		p.submit(front, s, body)
		return
	}
	s.Key = fmt.Sprintf("order-%d", rand.Int64())
	for range 2 {
		p.submit(front, s, body, "Idempotency-Key: "+s.Key)
	}
}

// submit submits a task and puts what came of it on the record.
func (p *party) submit(front *lab.Node, s checker.Submit, body string, headers ...string) (t lastcall.Task, ok bool) {
	a, ok := p.c.Ask("a guest", front, http.MethodPost, "/v1/tasks", body, append(headers, "Lastcall-Client: "+s.Client)...)
	if !ok {
		p.c.Log.SubmitUnknown(s)
		return t, false
	}
	p.decode(a, &t)
	p.c.Log.Submitted(s, t)
	return t, true
}

func (p *party) decode(a lab.Answer, out any) {
	if err := json.Unmarshal(a.Body, out); err != nil {
		p.t.Errorf("%d %s: %v", a.Status, a.Body, err)
	}
}

// batch submits three tasks at once, one of them with a key of its own.
func (p *party) batch(front *lab.Node) {
	ss := []checker.Submit{{Client: p.client()}, {Client: p.client()}, {Client: p.client(), Key: fmt.Sprintf("item-%d", rand.Int64())}}
	body := fmt.Sprintf(`{"tasks":[{"type":"service","client":%q},{"type":"echo","client":%q},{"type":"outside","client":%q,"idempotency_key":%q}]}`,
		ss[0].Client, ss[1].Client, ss[2].Client, ss[2].Key)
	a, ok := p.c.Ask("a guest", front, http.MethodPost, "/v1/tasks:batch", body)
	var answer struct{ Tasks []lastcall.Task }
	if ok {
		p.decode(a, &answer)
	}
	for i, s := range ss {
		if i < len(answer.Tasks) {
			p.c.Log.Submitted(s, answer.Tasks[i])
		} else {
			p.c.Log.SubmitUnknown(s)
		}
	}
}

// cancel cancels a task that waits, or one that runs.
func (p *party) cancel(front *lab.Node) {
	s := checker.Submit{Client: p.client()}
	body := fmt.Sprintf(`{"type":"sleep","client":%q,"input":{"ms":3000,"steps":3},"delay":%q}`, s.Client, []string{"0s", "20s"}[rand.IntN(2)])
	if t, ok := p.submit(front, s, body); ok && p.rest(nil) {
		p.c.Ask("a guest", front, http.MethodPost, "/v1/tasks/"+t.ID+"/cancel", "")
	}
}

// retry waits for a task that fails, reads its log and has it tried again as a new one.
func (p *party) retry(front *lab.Node) {
	s := checker.Submit{Client: p.client()}
	t, ok := p.submit(front, s, fmt.Sprintf(`{"type":"broken","client":%q}`, s.Client), "Prefer: wait=5")
	if !ok || t.Status != lastcall.Failed {
		return
	}
	p.c.Ask("a guest", front, http.MethodGet, "/v1/tasks/"+t.ID+"/log", "")
	if a, ok := p.c.Ask("a guest", front, http.MethodPost, "/v1/tasks/"+t.ID+"/retry", ""); ok {
		p.decode(a, &t)
		p.c.Log.Submitted(s, t)
	} else {
		p.c.Log.SubmitUnknown(s)
	}
}

// quietly submits a task of which the record knows nothing, and waits for its end.
func (p *party) quietly(front *lab.Node, client, body string) (t lastcall.Task, done bool) {
	a, ok := p.c.Ask(client, front, http.MethodPost, "/v1/tasks", body, "Prefer: wait=5")
	if ok {
		p.decode(a, &t)
	}
	return t, ok && t.Status.Done()
}

// delete has a task forgotten, which is gone then.
func (p *party) delete(front *lab.Node) {
	t, done := p.quietly(front, guest, `{"type":"command","client":"`+guest+`"}`)
	if !done {
		return
	}
	if _, ok := p.c.Ask(guest, front, http.MethodDelete, "/v1/tasks/"+t.ID, ""); !ok {
		return
	}
	a, err := front.Try(p.t.Context(), http.MethodGet, "/v1/tasks/"+t.ID, "")
	if err == nil && a.Status == http.StatusOK {
		p.t.Errorf("task %s was forgotten, and is there: %s", t.ID, a.Body)
	}
}

// look is what operators do.
func (p *party) look(front *lab.Node) {
	for _, path := range []string{"/v1/nodes", "/v1/queues", "/v1/drain", "/v1/tasks?limit=20&label.of=soak", "/v1/tasks?status=failed", "/"} {
		p.c.Ask("an operator", front, http.MethodGet, path, "")
	}
}

// expire pauses a queue, and submits to it what does not wait for long.
func (p *party) expire(front *lab.Node, home <-chan struct{}) {
	for p.rest(home) {
		if _, ok := p.c.Ask("an operator", front, http.MethodPost, "/v1/queues/closed/pause", ""); ok {
			for range 2 {
				s := checker.Submit{Client: p.client()}
				patience := []string{"300ms", "1h"}[rand.IntN(2)]
				p.submit(front, s, fmt.Sprintf(`{"type":"command","client":%q,"queue":"closed","expires_in":%q}`, s.Client, patience))
			}
			p.rest(home)
		}
		lab.Until(p.t, "the queue is open again", func() bool {
			_, ok := p.c.Ask("an operator", front, http.MethodPost, "/v1/queues/closed/resume", "")
			return ok
		})
	}
}
