package soak_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// rig is a store with the nodes on it, the balancer before them, and the service that they ask.
type rig struct {
	t       *testing.T
	name    string
	store   string
	first   int // where in the order of restarts it begins: 0 with one that is told to stop, 1 with one that is killed
	plan    plan
	binary  string
	config  string
	addrs   []string
	front   *lab.Balancer
	service *service
	guests  guests
	samples samples

	younger int // which of the nodes is restarted in each window: 1 or 2
	mu      sync.Mutex
	nodes   []*node // by address; the first is never restarted
	lives   []int
}

// node is one process.
type node struct {
	*lab.Node
	name string // the letter of its address and the number of its life there
}

// tasks is what the nodes run that have a configuration.
const tasks = `
signing_secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
tasks:
  command: {exec: [sh, -c, 'echo "run $LASTCALL_RUN" >&2; echo "{\"progress\":{\"percent\":50}}" >&3; echo "{\"checkpoint\":1}" >&3; cat']}
  stumble: {exec: [sh, -c, '[ "$LASTCALL_ATTEMPT" -gt 1 ] && cat'], backoff: {base: 200ms, max: 1s}}
  broken:  {exec: [sh, -c, 'echo no >&2; exit 65']}
  service: {http: "%[1]s/answer", backoff: {base: 200ms, max: 1s}}
  flaky:   {http: "%[1]s/flaky", backoff: {base: 200ms, max: 1s}}
  later:   {http: "%[1]s/later"}
  outside: {pull: true, timeout: 30s, backoff: {base: 200ms, max: 1s}}
`

// short makes the parts of a drain that wait for a balancer as short as that of these tests allows: its interval times
// its failures, and a second.
var short = []string{"--drain-announce-min", "1200ms", "--drain-announce-quiet", "200ms", "--drain-announce-max", "3s"}

// newRig starts everything, on a store with nothing in it.
func newRig(t *testing.T, name, store string, first int, size size) *rig {
	t.Helper()
	r := &rig{t: t, name: name, store: store, first: first, plan: theplan(), younger: 1, nodes: make([]*node, 3), lives: make([]int, 3)}
	r.guests.resident.name, r.guests.seldom.name = resident, guest
	if *soak == 0 {
		r.binary = lab.Binary(t)
	} else {
		r.binary = lab.BuildPlain(t, "cmd/lastcall") // the detector's memory would be measured, and not ours
	}
	r.service = serve(t)
	r.config = filepath.Join(t.TempDir(), "lastcall.yaml")
	if err := os.WriteFile(r.config, fmt.Appendf(nil, tasks, r.service.url), 0o600); err != nil {
		t.Fatal(err)
	}
	for range r.nodes {
		r.addrs = append(r.addrs, "127.0.0.1:"+lab.FreePort(t))
	}
	for i := range r.nodes {
		r.open(i)
	}
	r.front = lab.HAProxy(t, r.addrs)
	r.front.Await(len(r.nodes))
	fit()
	r.measure(size)
	return r
}

// fit waits until every node that serves is taken for a peer by the others. Of those that are opened later a third of a
// window takes care, or the node that is never restarted.
func fit() { <-time.After(lastcall.FitAfter + 500*time.Millisecond) }

// open starts a process at an address, and returns when it serves.
func (r *rig) open(i int) {
	r.t.Helper()
	r.lives[i]++
	n := &node{name: fmt.Sprintf("%c%d", 'a'+i, r.lives[i])}
	keep := r.plan.keep.String()
	flags := append([]string{
		"--listen", r.addrs[i], "--node", n.name, "--retention-tasks", keep, "--retention-events", keep,
	}, short...)
	if i > 0 {
		flags = append(flags, "--config", r.config)
	}
	n.Node = lab.Launch(r.t, exec.CommandContext(r.t.Context(), r.binary, lab.ServeArgs(r.store, flags...)...))
	n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
	r.mu.Lock()
	r.nodes[i] = n
	r.mu.Unlock()
}

// roll restarts the younger node as a deploy does.
func (r *rig) roll() { r.restart(r.younger) }

func (r *rig) restart(i int) {
	r.t.Helper()
	old := r.take(i)
	old.Signal(syscall.SIGTERM)
	code, report := old.Wait()
	if code != 0 || report == nil || !announced(report) || report.Refused > 0 || report.Tasks.HandedBack+report.Tasks.Fenced > 0 {
		r.t.Errorf("G4, G6: %s of %s did not hand over as it should: exit code %d, %+v", old.name, r.name, code, report)
	}
	r.open(i)
	r.front.Await(len(r.nodes))
}

// kill restarts the younger node as an accident does.
func (r *rig) kill() {
	r.t.Helper()
	r.take(r.younger).Kill()
	r.open(r.younger)
	r.front.Await(len(r.nodes))
}

// changePlaces has the node that was restarted in each window stay from now on, and the other restarted.
func (r *rig) changePlaces() { r.younger = 3 - r.younger }

// take takes a node out of those that are measured.
func (r *rig) take(i int) *node {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.nodes[i]
	r.nodes[i] = nil
	return n
}

// there are the nodes that are measured.
func (r *rig) there() []*node {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*node
	for _, n := range r.nodes {
		if n != nil {
			all = append(all, n)
		}
	}
	return all
}

// announced reports whether a drain found a peer.
func announced(r *drain.Report) bool {
	for _, p := range r.Phases {
		if p.Name == drain.Announce {
			return true
		}
	}
	return false
}
