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

// G3, G4: a node is frozen for longer than its lease, as a machine is that is moved. What it ran is run elsewhere, without
// an attempt being used up. When it wakes up it finds that nothing is its own any more: a command that still runs is
// stopped, and what another one came to meanwhile is not believed. Then it joins anew and works on.
func TestAFrozenNodeIsNotBelievedWhenItWakes(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 3, "--config", "testdata/tasks.yaml")
	n := c.open(0)
	goesOn, ends := c.slow(n, time.Minute, time.Minute), c.slow(n, time.Second, time.Minute)
	for _, id := range []string{goesOn, ends} {
		n.AwaitTask(id, "is under way", func(t lastcall.Task) bool { return t.Progress != nil })
	}
	n.Signal(syscall.SIGSTOP)
	other, third := c.open(1), c.open(2) // each runs one of the two, as both are suspects
	elsewhere := func(t lastcall.Task) bool { return t.Status == lastcall.Running && t.Run == 2 && t.Node != c.names[0] }
	for _, id := range []string{goesOn, ends} {
		other.AwaitTask(id, "runs elsewhere", elsewhere)
	}
	n.Signal(syscall.SIGCONT)
	n.Await("it finds that its lease is lost", func(l lab.Line) bool { return l.Msg == "lease lost" })
	lab.Until(t, "the command that still ran is stopped", func() bool { return c.wrote(goesOn + " 1 stopped") })
	n.Await("what the other came to is dropped", func(l lab.Line) bool {
		return strings.HasPrefix(l.Msg, "outcome dropped") && l.Task == ends
	})
	n.Await("it joins anew", func(l lab.Line) bool { return l.Msg == "joined anew" })
	lab.Until(t, "the node that was frozen works", func() bool {
		id := c.slow(n, time.Millisecond)
		return n.AwaitTask(id, "has ended", func(t lastcall.Task) bool { return t.Status.Done() }).Node == c.names[0]
	})
	for _, id := range []string{goesOn, ends} {
		if now := third.Task(id); !elsewhere(now) || now.Attempt != 1 {
			t.Errorf("G3: what runs elsewhere is %s at run %d, attempt %d, on %s", now.Status, now.Run, now.Attempt, now.Node)
		}
	}
}

// G3: the token decides, not the clock. What nobody has taken from a node that was frozen is still its own when it wakes.
func TestANodeThatWakesAloneKeepsWhatNobodyTook(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 1, "--config", "testdata/tasks.yaml")
	n := c.open(0)
	id := c.slow(n, 3*time.Second)
	n.AwaitTask(id, "is under way", func(t lastcall.Task) bool { return t.Progress != nil })
	n.Signal(syscall.SIGSTOP)
	wait(lease + time.Second)
	n.Signal(syscall.SIGCONT)
	task := n.AwaitTask(id, "has ended", func(t lastcall.Task) bool { return t.Status.Done() })
	if task.Status != lastcall.Succeeded || task.Run != 1 || task.Crashes != 0 {
		t.Errorf("it is %s at run %d after %d crashes", task.Status, task.Run, task.Crashes)
	}
}

// slow submits a task whose command takes so long in its first run, and, where that is said, in those that follow.
func (c *cluster) slow(n *lab.Node, first time.Duration, later ...time.Duration) (id string) {
	c.t.Helper()
	ms := []int64{first.Milliseconds()}
	for _, d := range later {
		ms = append(ms, d.Milliseconds())
	}
	input, err := json.Marshal(ms)
	if err != nil {
		c.t.Fatal(err)
	}
	return n.Submit(fmt.Sprintf(`{"type":"slow","client":"alice","input":%s}`, input)).ID
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
