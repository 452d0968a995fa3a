package leases_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"syscall"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// G4, G6: a node is told to stop while a worker holds a lease of it. The node does not wait for it, and the worker goes on
// with the other process on the store.
func TestANodeThatStopsDoesNotDisturbAWorker(t *testing.T) {
	onEachStore(t, func(t ground) {
		a := start(t.T, t.store)
		id := submit(a, "primes", slow)
		b := start(t.T, t.store)
		python(t.T, a.Addr, b.Addr)
		underWay(a, id)
		a.Signal(syscall.SIGTERM)
		code, report := a.Wait()
		if code != 0 || report == nil || report.Tasks.HandedBack+report.Tasks.Fenced != 0 {
			t.Errorf("the node ended with %d and the report %+v", code, report)
		}
		task := done(b, id)
		ended(t.T, task, lastcall.Succeeded, ofSlow)
		counted(t.T, task, 1, 1, 0, 0)
		next := done(b, submit(b, "primes", quick))
		ended(t.T, next, lastcall.Succeeded, ofQuick)
	})
}

// G9: the lease is the store's. A node is killed, and comes back at its address; the worker holds its task all the while.
func TestALeaseOutlivesTheNodeThatWasKilled(t *testing.T) {
	onEachStore(t, func(t ground) {
		addr := address(t.T)
		a := start(t.T, t.store, "--listen", addr)
		python(t.T, addr)
		shell(t.T, addr)
		id := submit(a, "primes", slow)
		underWay(a, id)
		a.Kill()
		again := start(t.T, t.store, "--listen", addr)
		if task := again.Task(id); task.Status != lastcall.Running {
			t.Errorf("after the crash of the node the task is %s", task.Status)
		}
		task := done(again, id)
		ended(t.T, task, lastcall.Succeeded, ofSlow)
		counted(t.T, task, 1, 1, 0, 0)
		probing := submit(again, "probe", `{"url":"http://`+addr+`/livez"}`)
		ended(t.T, done(again, probing), lastcall.Succeeded, "")
	})
}

// lease is what a worker is told of one.
type lease struct {
	ID, Token  string
	Checkpoint json.RawMessage
	Task       lastcall.Task
}

// leaseOne leases the one task that there is, for 5 s.
func leaseOne(n *lab.Node) (l lease) {
	var got struct{ Leases []lease }
	n.Do(http.MethodPost, "/v1/leases", `{"types":["primes"],"wait":"20s","ttl":"5s"}`).Decode(n, &got)
	if len(got.Leases) == 1 {
		l = got.Leases[0]
	}
	return l
}

// say says a word on a lease, by any node.
func (l lease) say(n *lab.Node, verb, rest string) lab.Answer {
	return n.Do(http.MethodPost, "/v1/leases/"+l.ID+"/"+verb, fmt.Sprintf(`{"token":%q%s}`, l.Token, rest))
}

// G3: what a worker says whose lease has run out is not written, before and after somebody else has done its task.
func TestATokenThatIsStaleIsRefused(t *testing.T) {
	onEachStore(t, func(t ground) {
		n := start(t.T, t.store)
		id := submit(n, "primes", quick)
		first := leaseOne(n)
		n.AwaitStatus(id, lastcall.Queued)
		stale := func() {
			t.Helper()
			for verb, rest := range map[string]string{
				"renew": `,"progress":{"percent":99},"checkpoint":"stale"`, "complete": `,"output":"stale"`,
				"fail": `,"error":{"code":"stale"}`, "release": `,"checkpoint":"stale"`,
			} {
				if a := first.say(n, verb, rest); a.Status != http.StatusConflict || a.Code() != lastcall.CodeLeaseLost {
					t.Errorf("%s with a stale token: %d %s", verb, a.Status, a.Body)
				}
			}
		}
		stale()
		second := leaseOne(n)
		if second.ID != id || second.Token == first.Token || second.Task.Run != 2 {
			t.Fatalf("the second lease is %+v", second)
		}
		stale()
		for range 2 { // the answer may be lost on its way
			if a := second.say(n, "complete", `,"output":7`); a.Status != http.StatusOK {
				t.Errorf("complete: %d %s", a.Status, a.Body)
			}
		}
		stale()
		task := n.Task(id)
		ended(t.T, task, lastcall.Succeeded, "7")
		counted(t.T, task, 2, 1, 0, 1)
		if task.Progress != nil {
			t.Errorf("the progress is %+v", task.Progress)
		}
	})
}

// Any node hears what is said of a lease, and a task is leased through one of them only.
func TestALeaseIsGoodAtEveryNode(t *testing.T) {
	onEachStore(t, func(t ground) {
		a, b := start(t.T, t.store), start(t.T, t.store)
		id := submit(a, "primes", quick)
		l := leaseOne(b)
		var r struct {
			CancelRequested bool `json:"cancel_requested"`
		}
		a.Do(http.MethodPost, "/v1/tasks/"+id+"/cancel", "")
		if l.say(b, "renew", "").Decode(b, &r); !r.CancelRequested {
			t.Error("a cancel at one node is not told by the other")
		}
		if ans := l.say(a, "complete", `,"output":1`); ans.Status != http.StatusOK {
			t.Errorf("complete: %d %s", ans.Status, ans.Body)
		}
		ended(t.T, b.Task(id), lastcall.Succeeded, "1") // the work is done: the cancel came too late
	})
}
