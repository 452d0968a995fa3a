package cluster_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// lease is how long a node's runs stay its own without a sign of life.
const lease = 6 * time.Second

// G3, G4: a node is frozen for longer than its lease, as a machine is that is moved or a laptop that is closed. What it ran
// is run elsewhere, without an attempt being used up. When it wakes up it finds that nothing is its own any more: a command
// that still runs is stopped, one that has ended meanwhile is not believed. Then it joins anew and works on.
func TestAFrozenNodeIsNotBelievedWhenItWakes(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2, "--config", "testdata/tasks.yaml")
	n := c.open(0)
	long, short := c.slow(n, "long", 15*time.Second), c.slow(n, "short", 2*time.Second)
	for _, id := range []string{long, short} {
		n.AwaitTask(id, "is under way", func(t lastcall.Task) bool { return t.Progress != nil })
	}
	n.Signal(syscall.SIGSTOP)
	other := c.open(1)
	for _, id := range []string{long, short} {
		other.AwaitTask(id, "runs elsewhere", func(t lastcall.Task) bool { return t.Run == 2 && t.Node == c.names[1] })
	}
	n.Signal(syscall.SIGCONT)
	n.Await("it finds that its lease is lost", func(l lab.Line) bool { return l.Msg == "lease lost" })
	lab.Until(t, "the command that still ran is stopped", func() bool { return c.wrote(long + " 1 stopped") })
	n.Await("it joins anew", func(l lab.Line) bool { return l.Msg == "joined anew" })
	for _, id := range []string{long, short} {
		task := other.AwaitTask(id, "has ended", func(t lastcall.Task) bool { return t.Status.Done() })
		var output struct{ Run int64 }
		if err := json.Unmarshal(task.Output, &output); err != nil || output.Run != 2 || task.Run != 2 || task.Attempt != 1 {
			t.Errorf("G3: %s is %s at run %d, attempt %d, with the output %s", id, task.Status, task.Run, task.Attempt, task.Output)
		}
	}
	lab.Until(t, "the node that was frozen works", func() bool {
		id := c.slow(n, "after", time.Millisecond)
		return n.AwaitTask(id, "has ended", func(t lastcall.Task) bool { return t.Status.Done() }).Node == c.names[0]
	})
}

// G3: the token decides, not the clock. What nobody has taken from a node that was frozen is still its own when it wakes.
func TestANodeThatWakesAloneKeepsWhatNobodyTook(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1, "--config", "testdata/tasks.yaml")
	n := c.open(0)
	id := c.slow(n, "alice", 3*time.Second)
	n.AwaitTask(id, "is under way", func(t lastcall.Task) bool { return t.Progress != nil })
	n.Signal(syscall.SIGSTOP)
	wait(lease + time.Second)
	n.Signal(syscall.SIGCONT)
	task := n.AwaitTask(id, "has ended", func(t lastcall.Task) bool { return t.Status.Done() })
	if task.Status != lastcall.Succeeded || task.Run != 1 || task.Crashes != 0 {
		t.Errorf("it is %s at run %d after %d crashes", task.Status, task.Run, task.Crashes)
	}
}

// slow submits a task whose command takes so long.
func (c *cluster) slow(n *lab.Node, client string, d time.Duration) (id string) {
	c.t.Helper()
	return n.Submit(fmt.Sprintf(`{"type":"slow","client":%q,"input":{"ms":%d}}`, client, d.Milliseconds())).ID
}

// wrote reports whether a command has written a line into the ledger.
func (c *cluster) wrote(line string) bool {
	c.t.Helper()
	path, _ := strings.CutPrefix(c.env[0], "LEDGER=")
	text, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.Contains(string(text), line+"\n")
}

// nodes lists the incarnations that a node knows.
func nodes(n *lab.Node) []lastcall.Node {
	var list struct{ Nodes []lastcall.Node }
	n.Do(http.MethodGet, "/v1/nodes", "").Decode(n, &list)
	return list.Nodes
}
