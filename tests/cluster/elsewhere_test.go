package cluster_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// G5: a client hears, on the node that it is connected to, of its task that runs on another one, with what is said of its
// progress, and goes on with its cursor on a third.
func TestAClientHearsOnAnyNodeOfWhatRunsOnAnother(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	a := c.open(0)
	first := a.Sleep("alice", 3*time.Second)
	a.AwaitStatus(first.ID, lastcall.Running) // on the only node that there is
	b, third := c.open(1), c.open(2)
	s, _ := b.Connect("alice", "", "progress")
	in := s.Follow(true)
	in.Await("its progress", func(f lab.Frame) bool { return f.T == "state" && f.Type == lastcall.TaskProgress && f.Task == first.ID })
	told := in.Await("its end", func(f lab.Frame) bool {
		return f.T == "event" && f.Type == lastcall.TaskSucceeded && f.Task == first.ID
	})
	if ran := b.Task(first.ID).Node; ran != c.names[0] {
		t.Fatalf("it ran on %s, want %s", ran, c.names[0])
	}
	_ = s.Conn.CloseNow()
	in.CloseCode()
	second := a.Sleep("alice", time.Millisecond)
	a.AwaitStatus(second.ID, lastcall.Succeeded)
	rest := third.Resume(in)
	next := rest.Await("what came next", func(f lab.Frame) bool { return f.T == "event" })
	if next.Task != second.ID || next.Seq != told.Seq+1 {
		t.Errorf("G5: after event %d of %s came %d of %s, want that of %s", told.Seq, first.ID, next.Seq, next.Task, second.ID)
	}
}

// A cancel that is asked of one node reaches the run on another.
func TestACancelReachesTheRunOnAnotherNode(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2, "--config", "testdata/tasks.yaml")
	a := c.open(0)
	id := c.slow(a, 30*time.Second)
	a.AwaitTask(id, "is under way", func(t lastcall.Task) bool { return t.Progress != nil })
	b := c.open(1)
	begin := time.Now()
	if got := b.Do(http.MethodPost, "/v1/tasks/"+id+"/cancel", ""); got.Status != http.StatusOK {
		t.Fatalf("cancel: %d %s", got.Status, got.Body)
	}
	task := b.AwaitTask(id, "has ended", func(t lastcall.Task) bool { return t.Status.Done() })
	if task.Status != lastcall.Canceled || !c.wrote(id+" 1 stopped") {
		t.Errorf("it is %s, and its command was told: %v", task.Status, c.wrote(id+" 1 stopped"))
	}
	t.Logf("canceled after %v", time.Since(begin).Round(time.Millisecond))
}

// GET /v1/nodes shows every node to every other, with its name, its phase and what it runs.
func TestEveryNodeKnowsTheOthers(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3)
	c.openAll()
	for _, n := range c.nodes {
		lab.Until(t, "it knows all", func() bool {
			known := map[string]bool{}
			for _, other := range nodes(n) {
				known[other.Name] = other.Alive && other.Phase == lastcall.PhaseReady && len(other.Types) == 2
			}
			return known[c.names[0]] && known[c.names[1]] && known[c.names[2]]
		})
	}
}
