package soak_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// leased is what a worker outside gets of a task.
type leased struct {
	ID, Token string
	Task      lastcall.Task
}

// work is a worker outside. Of its tasks it completes most and fails or releases some; now and then it forgets one, which
// another gets when the lease has run out.
func (p *party) work(front *lab.Node, home <-chan struct{}) {
	for {
		a, ok := p.c.Ask("a worker", front, http.MethodPost, "/v1/leases", `{"types":["outside"],"max":2,"wait":"1s","ttl":"5s"}`)
		if ok {
			var answer struct{ Leases []leased }
			p.decode(a, &answer)
			for _, l := range answer.Leases {
				p.settle(front, l)
			}
		}
		select {
		case <-home:
			return
		case <-time.After(p.pace / 10): // a node that is told to stop answers at once
		}
	}
}

// settle does a task. Whether the worker is still believed is the node's to say: after an outage it may have been too late.
func (p *party) settle(front *lab.Node, l leased) {
	p.c.Log.Effect(l.Task.ID, l.Task.Run, "a worker", nil)
	say := func(verb, word string) {
		body := fmt.Sprintf(`{"token":%q%s}`, l.Token, word)
		a, err := front.Try(p.t.Context(), http.MethodPost, "/v1/leases/"+l.ID+"/"+verb, body)
		if err == nil && a.Status >= 400 && a.Status < 500 && a.Code() != lastcall.CodeLeaseLost {
			p.t.Errorf("%s: %d %s", verb, a.Status, a.Body)
		}
	}
	say("renew", `,"progress":{"percent":50,"message":"half"},"checkpoint":{"at":1}`)
	switch n := rand.IntN(40); {
	case n == 0 && l.Task.Crashes == 0: // forgotten
	case n < 4:
		say("fail", `,"error":{"code":"tired","message":"no"}`)
	case n < 8:
		say("release", `,"checkpoint":{"at":2}`)
	default:
		say("complete", `,"output":{"done":true}`)
	}
}
