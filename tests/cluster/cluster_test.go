package cluster_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// cluster is a store and the addresses at which nodes serve it.
type cluster struct {
	t      *testing.T
	store  string // of every node that has none of its own in stores
	stores map[int]string
	binary string
	flags  []string
	addrs  []string
	nodes  []*lab.Node // at those addresses; nil, or ended, where none serves
	names  []string    // of those
	lives  int
	env    []string
}

// short makes the parts of a drain that wait for a balancer as short as that of these tests allows: its interval times
// its failures, and a second.
var short = []string{"--drain-announce-min", "1200ms", "--drain-announce-quiet", "200ms", "--drain-announce-max", "3s"}

// newCluster has addresses for so many nodes, on a database of its own, and starts none of them.
func newCluster(t *testing.T, nodes int, flags ...string) *cluster {
	t.Helper()
	c := &cluster{
		t: t, store: database(t), stores: map[int]string{}, binary: lab.Binary(t),
		flags: append(short, flags...), nodes: make([]*lab.Node, nodes), names: make([]string, nodes),
		env: []string{"LEDGER=" + filepath.Join(t.TempDir(), "ledger")},
	}
	for range nodes {
		c.addrs = append(c.addrs, "127.0.0.1:"+lab.FreePort(t))
	}
	return c
}

// open starts a node at the i-th address, under a name of its own, and returns when it serves.
func (c *cluster) open(i int) *lab.Node {
	c.t.Helper()
	n := c.launch(i)
	n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
	return n
}

// launch is open, but does not wait.
func (c *cluster) launch(i int) *lab.Node {
	c.t.Helper()
	c.lives++
	c.names[i] = fmt.Sprintf("%c%d", 'a'+i, c.lives)
	store := c.store
	if own, ok := c.stores[i]; ok {
		store = own
	}
	args := append(lab.ServeArgs(store, c.flags...), "--listen", c.addrs[i], "--node", c.names[i])
	// The shell becomes the node: a command that a task runs can so tell which process it is.
	cmd := exec.Command("/bin/sh", append([]string{"-c", `NODE_PID=$$ exec "$@"`, "sh", c.binary}, args...)...)
	cmd.Env = slices.Clone(c.env)
	c.nodes[i] = lab.Launch(c.t, cmd)
	return c.nodes[i]
}

// openAll starts a node at each address.
func (c *cluster) openAll() {
	c.t.Helper()
	for i := range c.addrs {
		c.launch(i)
	}
	c.awaitAll()
}

// awaitAll waits until all nodes serve.
func (c *cluster) awaitAll() {
	c.t.Helper()
	for _, n := range c.nodes {
		n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
	}
}

// front puts HAProxy before the addresses and waits until it has found the nodes that serve.
func (c *cluster) front() *lab.Balancer {
	c.t.Helper()
	b := lab.HAProxy(c.t, c.addrs)
	serve := 0
	for _, n := range c.nodes {
		if n != nil {
			serve++
		}
	}
	b.Await(serve)
	return b
}

// wait lets time pass on purpose, where the time itself is what is tested.
func wait(d time.Duration) { <-time.After(d) }

// fit waits until every node that serves would be taken for a peer by the others.
func fit() { wait(lastcall.FitAfter + 500*time.Millisecond) }
