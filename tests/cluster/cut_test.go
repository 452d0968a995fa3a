package cluster_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// G3, G4: the connection between one node and the database is cut for longer than a lease, so that nothing comes through
// and nobody is told. The others run what it ran; it refuses submits, in bounded time, and lives; mended, it finds its
// lease lost, joins anew, and its clients have what they missed.
func TestANodeThatIsCutOffIsReplacedAndComesBack(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2, "--config", "testdata/tasks.yaml")
	w, store := newWire(t, c.store)
	c.stores[0] = store
	n := c.open(0)
	id := c.slow(n, time.Minute, time.Second)
	n.AwaitTask(id, "is under way", func(t lastcall.Task) bool { return t.Progress != nil })
	other := c.open(1)
	s, _ := n.Connect("alice", "")
	in := s.Follow(true)
	w.become(silent)
	unavailable(t, n)
	other.AwaitTask(id, "runs elsewhere", func(t lastcall.Task) bool { return t.Run == 2 })
	if a := n.Do(http.MethodGet, "/livez", ""); a.Status != http.StatusOK {
		t.Errorf("/livez: %d", a.Status)
	}
	w.become(whole)
	n.Await("it finds that its lease is lost", func(l lab.Line) bool { return l.Msg == "lease lost" })
	lab.Until(t, "its command is stopped", func() bool { return c.wrote(id + " 1 stopped") })
	n.Await("it joins anew", func(l lab.Line) bool { return l.Msg == "joined anew" })
	in.Await("the answer", func(f lab.Frame) bool { return f.T == "event" && f.Type == lastcall.TaskSucceeded && f.Task == id })
	in.InOrder(1)
	if task := n.Task(id); task.Run != 2 || task.Attempt != 1 {
		t.Errorf("it ended at run %d, attempt %d", task.Run, task.Attempt)
	}
}

// G4: a connection that is reset, and cannot be made anew for less than a lease, costs nothing: what runs goes on, and is
// settled as soon as the database is there again.
func TestANodeThatIsCutOffForAMomentKeepsWhatItRuns(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2)
	w, store := newWire(t, c.store)
	c.stores[0] = store
	n := c.open(0)
	var ids []string
	for i := range 10 {
		ids = append(ids, n.Sleep("alice", 4*time.Second+time.Duration(i)*100*time.Millisecond).ID)
	}
	for _, id := range ids {
		n.AwaitStatus(id, lastcall.Running)
	}
	other := c.open(1)
	w.become(reset)
	unavailable(t, n)
	wait(2 * time.Second)
	w.become(whole)
	for _, id := range ids {
		task := other.AwaitTask(id, "has ended", func(t lastcall.Task) bool { return t.Status.Done() })
		if task.Status != lastcall.Succeeded || task.Run != 1 || task.Node != c.names[0] {
			t.Errorf("G4: %s is %s at run %d on %s", id, task.Status, task.Run, task.Node)
		}
	}
}
