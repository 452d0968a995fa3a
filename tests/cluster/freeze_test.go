package cluster_test

import (
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
	long, short := c.slow(n, "long", time.Minute), c.slow(n, "short", 2*time.Second, `"priority":1`)
	for _, id := range []string{long, short} {
		n.AwaitTask(id, "is under way", func(t lastcall.Task) bool { return t.Progress != nil })
	}
	n.Signal(syscall.SIGSTOP)
	other := c.open(1)
	ended := func(t lastcall.Task) bool { return t.Status.Done() }
	short2 := other.AwaitTask(short, "has ended elsewhere", ended)
	// One after the other, as both are suspects.
	other.AwaitTask(long, "runs elsewhere", func(t lastcall.Task) bool { return t.Run == 2 && t.Progress != nil })
	n.Signal(syscall.SIGCONT)
	n.Await("it finds that its lease is lost", func(l lab.Line) bool { return l.Msg == "lease lost" })
	lab.Until(t, "the command that still ran is stopped", func() bool { return c.wrote(long + " 1 stopped") })
	n.Await("it joins anew", func(l lab.Line) bool { return l.Msg == "joined anew" })
	lab.Until(t, "the node that was frozen works", func() bool {
		return n.AwaitTask(c.slow(n, "after", time.Millisecond), "has ended", ended).Node == c.names[0]
	})
	if now := n.Task(short); string(now.Output) != `{"run":2,"from":0}` || now.Attempt != 1 || !now.FinishedAt.Equal(*short2.FinishedAt) {
		t.Errorf("G3: %s at attempt %d with the output %s, ended at %v, then at %v",
			now.Status, now.Attempt, now.Output, short2.FinishedAt, now.FinishedAt)
	}
	if now := n.Task(long); now.Status != lastcall.Running || now.Run != 2 || now.Attempt != 1 || now.Node != c.names[1] {
		t.Errorf("G3: what runs elsewhere is %s at run %d, attempt %d, on %s", now.Status, now.Run, now.Attempt, now.Node)
	}
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
func (c *cluster) slow(n *lab.Node, client string, d time.Duration, more ...string) (id string) {
	c.t.Helper()
	fields := append([]string{`"type":"slow"`, fmt.Sprintf(`"client":%q,"input":{"ms":%d}`, client, d.Milliseconds())}, more...)
	return n.Submit("{" + strings.Join(fields, ",") + "}").ID
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
