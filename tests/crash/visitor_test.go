package crash_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// visitor submits tasks for several clients, cancels some, waits for some, and keeps a record of all that it is told.
// Where a node dies under it, it goes on with the next, and repeats what it has an idempotency key for.
type visitor struct {
	name    string
	site    *site
	log     *checker.Log
	chance  *rand.Rand
	clients []string

	node  *lab.Node // where it is
	count int       // of submits with a key
	known []known   // what was acknowledged
}

// known is a submit that was acknowledged, and how to repeat it.
type known struct {
	id     string
	submit checker.Submit
	body   string
}

// perLife bounds what a visitor does while one node lives.
const perLife = 25

// visit goes on until stop is closed, and then ends with what it has begun.
func (v *visitor) visit(stop <-chan struct{}) {
	v.node = v.site.next(nil, stop)
	for v.node != nil {
		here := v.node
		for i := 0; i < perLife && v.node == here; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if !v.act() {
				return
			}
			v.site.acted()
		}
		if v.node == here { // it has done enough here
			v.node = v.site.next(here, stop)
		}
	}
}

// act does one thing. It is false when the visitor has nothing more to do here, as the test has failed.
func (v *visitor) act() bool {
	if len(v.known) == 0 {
		return v.submitOne()
	}
	k := &v.known[v.chance.IntN(len(v.known))]
	switch v.chance.IntN(10) {
	case 0: // the latest: the others have mostly ended
		return v.ask(http.MethodPost, "/v1/tasks/"+v.known[len(v.known)-1].id+"/cancel")
	case 1:
		return v.ask(http.MethodGet, "/v1/tasks/"+k.id+"?wait=100ms")
	case 2: // once more, if it has a key
		return k.submit.Key == "" || v.submit(k.submit, k.body)
	}
	return v.submitOne()
}

// submitOne submits a new task.
func (v *visitor) submitOne() bool {
	s := checker.Submit{Client: v.clients[v.chance.IntN(len(v.clients))]}
	if v.chance.IntN(2) == 0 {
		v.count++
		s.Key = fmt.Sprintf("%s-%d", v.name, v.count)
	}
	return v.submit(s, v.body(s.Client))
}

// body makes a task up.
func (v *visitor) body(client string) string {
	work := func(ms int, more string) string {
		return fmt.Sprintf(`{"type":"work","client":%q,"input":{"ms":%d%s}}`, client, ms, more)
	}
	extra := func(field string) string {
		return fmt.Sprintf(`{"type":"work","client":%q,"input":{"ms":%d},%s}`, client, v.chance.IntN(10), field)
	}
	switch v.chance.IntN(16) {
	case 0:
		return work(100+v.chance.IntN(200), "")
	case 1, 2:
		return work(v.chance.IntN(10), fmt.Sprintf(`,"fails":%d`, 1+v.chance.IntN(3)))
	case 3:
		return work(v.chance.IntN(10), `,"doomed":true`)
	case 4, 5:
		return extra(fmt.Sprintf(`"delay":"%dms"`, 1+v.chance.IntN(400)))
	case 6:
		return extra(fmt.Sprintf(`"expires_in":"%dms"`, 1+v.chance.IntN(50)))
	case 7:
		return extra(fmt.Sprintf(`"priority":%d`, v.chance.IntN(201)-100))
	case 8:
		return fmt.Sprintf(`{"type":"echo","client":%q,"input":{"n":%d}}`, client, v.chance.Int64())
	case 9:
		return fmt.Sprintf(`{"type":"sleep","client":%q,"input":{"ms":%d,"steps":5}}`, client, v.chance.IntN(60))
	}
	return work(v.chance.IntN(30), "")
}

// submit submits until the fate of the task is known, where there is a key to repeat it under; else once.
func (v *visitor) submit(s checker.Submit, body string) bool {
	headers := []string{"Lastcall-Client: " + s.Client} // the scope of the key
	if s.Key != "" {
		headers = append(headers, "Idempotency-Key: "+s.Key)
	}
	if v.chance.IntN(10) == 0 {
		headers = append(headers, "Prefer: wait=1")
	}
	for {
		a, err := v.try(http.MethodPost, "/v1/tasks", body, headers...)
		switch {
		case err != nil:
			v.log.SubmitUnknown(s)
			if !v.moveOn("submit", err) {
				return false
			}
			if s.Key == "" {
				return true
			}
		case a.Status == http.StatusAccepted || a.Status == http.StatusOK:
			return v.acknowledged(s, body, a)
		default:
			v.site.t.Errorf("%s: submit: %d %s", v.name, a.Status, a.Body)
			return false
		}
	}
}

func (v *visitor) acknowledged(s checker.Submit, body string, a lab.Answer) bool {
	var t lastcall.Task
	if err := json.Unmarshal(a.Body, &t); err != nil {
		v.site.t.Errorf("%s: submit: %s: %v", v.name, a.Body, err)
		return false
	}
	v.log.Submitted(s, t)
	v.log.TaskSeen(v.name, t)
	v.known = append(v.known, known{id: t.ID, submit: s, body: body})
	return true
}

// ask asks for a task or for its end, and keeps what it is shown.
func (v *visitor) ask(method, path string) bool {
	a, err := v.try(method, path, "")
	if err != nil {
		return v.moveOn(method+" "+path, err)
	}
	var t lastcall.Task
	if err := json.Unmarshal(a.Body, &t); err != nil || a.Status != http.StatusOK {
		v.site.t.Errorf("%s: %s %s: %d %s", v.name, method, path, a.Status, a.Body)
		return false
	}
	v.log.TaskSeen(v.name, t)
	return true
}

func (v *visitor) try(method, path, body string, headers ...string) (lab.Answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lab.Patience)
	defer cancel()
	return v.node.Try(ctx, method, path, body, headers...)
}

// moveOn goes to the next node when this one has died.
func (v *visitor) moveOn(what string, err error) bool {
	if !v.site.gone(v.node, v.name+": "+what, err) {
		return false
	}
	v.node = v.site.next(v.node, nil)
	return v.node != nil
}
