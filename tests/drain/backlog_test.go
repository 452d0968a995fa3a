package drain_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// G2, G4: what becomes of work that is due and has not begun is the operator's choice, and none of the choices costs a
// task anything: what is left runs on the next start, in its first run.
func TestTheBacklogIsWorkedOffOrLeftAsAsked(t *testing.T) {
	t.Parallel()
	const waiting = 5
	for policy, finished := range map[string]int{"auto": 1 + waiting, "finish": 1 + waiting, "leave": 1} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			store := lab.Data(t)
			n := lab.Start(t, store, "--concurrency=1", "--drain-backlog="+policy)
			first := n.Sleep("alice", 1500*time.Millisecond).ID
			n.AwaitStatus(first, lastcall.Running)
			var ids []string
			for range waiting {
				ids = append(ids, n.Submit(`{"type":"echo","client":"alice"}`).ID)
			}
			terminate(n)
			if got := drained(t, n).Tasks; got != (drain.WorkTally{Finished: finished}) {
				t.Errorf("the report counts %+v, want %d finished", got, finished)
			}
			again := lab.Start(t, store)
			for _, id := range append(ids, first) {
				succeeded(t, again, id, 1, 1, 0)
			}
		})
	}
}

// Refusing is the rule with --drain-mode refuse, peer or not; what was accepted before is served all the same, and a
// socket that waits for nothing stays to the end (G7).
func TestModeRefuseRefusesAndStillServes(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t), "--drain-mode=refuse")
	s, _ := n.Connect("alice", "")
	alice := s.Follow(true)
	s, _ = n.Connect("idle", "")
	idle := s.Follow(true)
	id := n.Sleep("alice", time.Second).ID
	n.AwaitStatus(id, lastcall.Running)
	terminate(n)
	if a := n.Do(http.MethodPost, "/v1/tasks", `{"type":"echo"}`); a.Code() != lastcall.CodeDraining {
		t.Errorf("a submit got %d %s, want 503 draining", a.Status, a.Body)
	}
	for name, in := range map[string]*lab.Inbox{"alice": alice, "idle": idle} {
		f := in.Await("word of the drain", func(f lab.Frame) bool { return f.T == "drain" })
		if f.Mode != "finish" {
			t.Errorf("%s was told %q, want finish", name, f.Mode)
		}
	}
	alice.Await("the answer", func(f lab.Frame) bool { return f.Task == id && f.Type == lastcall.TaskSucceeded })
	r := drained(t, n)
	if alice.CloseCode() != 1012 || idle.CloseCode() != 1012 {
		t.Errorf("the sockets were closed with %d and %d, want 1012", alice.CloseCode(), idle.CloseCode())
	}
	if want := (drain.ClientTally{Served: 1, Closed: 1}); r.Clients != want || r.Refused != 1 {
		t.Errorf("the report counts %+v and %d refused, want %+v and 1", r.Clients, r.Refused, want)
	}
}

// G4, G7: an operator who stops a node over HTTP gets the same drain.
func TestADrainCanBeStartedOverHTTP(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	id := n.Sleep("alice", time.Second).ID
	n.AwaitStatus(id, lastcall.Running)
	var first drain.Status
	a := n.Do(http.MethodPost, "/v1/drain", "")
	a.Decode(n, &first)
	if a.Status != http.StatusAccepted || first.Signal != "api" || first.Deadline == nil {
		t.Errorf("POST /v1/drain got %d %s", a.Status, a.Body)
	}
	var second drain.Status
	n.Do(http.MethodPost, "/v1/drain", "").Decode(n, &second)
	if !second.Deadline.Equal(*first.Deadline) {
		t.Errorf("asking twice moved the deadline from %v to %v", first.Deadline, second.Deadline)
	}
	if r := drained(t, n); r.Signal != "api" || r.Tasks.Finished != 1 {
		t.Errorf("the report says %s, %+v", r.Signal, r.Tasks)
	}
}
