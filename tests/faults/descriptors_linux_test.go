package faults_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// few is how many descriptors a node has here. Half of them are for its connections: with as few as these it does not get
// all that it wants for itself.
const few, seatsOfFew = 256, 128

// commands is a configuration of types whose runs need descriptors.
const commands = "tasks:\n  cat: {exec: [cat]}\n  nap: {exec: [sleep, \"3\"]}\n"

// startWith starts a node that may have so many descriptors, and runs commands.
func startWith(t *testing.T, descriptors int, store string, flags ...string) *lab.Node {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lastcall.yaml")
	if err := os.WriteFile(file, []byte(commands), 0o600); err != nil {
		t.Fatal(err)
	}
	args := lab.ServeArgs(store, append(flags, "--config", file)...)
	limit := "ulimit -n " + strconv.Itoa(descriptors) + ` && exec "$@"`
	n := lab.Launch(t, exec.CommandContext(t.Context(), "/bin/sh", append([]string{"-c", limit, "sh", lab.Binary(t)}, args...)...))
	n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
	n.Transport = one(t)
	return n
}

// one is a transport of a single connection, which is kept: whoever has it is inside.
func one(t *testing.T) *http.Transport {
	t.Helper()
	tr := &http.Transport{MaxConnsPerHost: 1}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// fill takes all connections of a node with sockets that never say hello, and comes on after that with some that say
// nothing at all.
func fill(t *testing.T, n *lab.Node) *crowd {
	t.Helper()
	var all crowd
	t.Cleanup(all.leave)
	sockets := 0
	for range few {
		c, err := come(n.Addr, handshake, "mallory")
		if err != nil {
			t.Fatal(err)
		}
		all.add(c)
		resp, err := c.answered()
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusSwitchingProtocols {
			if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" || !resp.Close {
				t.Errorf("G10: with all connections taken a handshake is answered %d, %v", resp.StatusCode, resp.Header)
			}
			break
		}
		sockets++
	}
	if sockets == 0 || sockets >= seatsOfFew {
		t.Fatalf("%d sockets were let in, and the node has %d connections in all", sockets, seatsOfFew)
	}
	for range few {
		c, err := come(n.Addr, "")
		if err != nil {
			t.Fatal(err)
		}
		all.add(c)
	}
	return &all
}

// G1, G10: clients take all the connections that there are, and go on coming. Whoever was there is served as before, and so
// are the store, the commands, and the probes of the platform, which would else kill the node for being popular. The
// others are told to come later. When they have gone, all is as it was.
func TestClientsThatTakeAllConnectionsTakeNothingElse(t *testing.T) {
	t.Parallel()
	n := startWith(t, few, lab.Data(t))
	socket, _ := n.Connect("alice", "")
	alice := socket.Follow(true)
	n.Submit(`{"type":"cat","client":"alice"}`) // on the connection that is kept
	all := fill(t, n)
	for range 3 {
		id := n.Submit(`{"type":"cat","client":"alice","input":{"a":1}}`).ID
		if task := n.AwaitStatus(id, lastcall.Succeeded); task.Interruptions > 0 || task.Attempt != 1 {
			t.Errorf("G4: %d interruptions, attempt %d", task.Interruptions, task.Attempt)
		}
	}
	alice.Await("the last answer", func(f lab.Frame) bool { return f.Seq == 4 })
	alice.InOrder(1)
	for path, want := range map[string]int{
		"/readyz": 200, "/livez": 200, "/health": 200, "/metrics": 200, "/v1/drain": 200, "/v1/tasks": 503, "/v1/events": 503,
	} {
		if resp, err := ask(t, n.Addr, path); err != nil || resp.StatusCode != want || !resp.Close {
			t.Errorf("G10: a new connection that asks for %s is answered %+v, %v; want %d", path, resp, err, want)
		}
	}
	n.Await("the log says so", func(l lab.Line) bool { return strings.HasPrefix(l.Msg, "all connections are taken") })
	rests(t, n)
	metrics := string(n.Do(http.MethodGet, "/metrics", "").Body)
	for _, line := range []string{"lastcall_connections_max " + strconv.Itoa(seatsOfFew), `lastcall_refused_total{reason="too_many_connections"}`} {
		if !strings.Contains(metrics, line) {
			t.Errorf("the metrics do not say %s", line)
		}
	}
	all.leave()
	lab.Until(t, "who comes anew is let in", func() bool {
		resp, err := ask(t, n.Addr, "/v1/tasks")
		return err == nil && resp.StatusCode == http.StatusOK && !resp.Close
	})
}

// G7, G8, G9: a node that is full drains in order; killed, it comes back to the same crowd and has all that it had.
func TestANodeThatIsFullDrainsAndComesBackFromAKill(t *testing.T) {
	t.Parallel()
	store := lab.Data(t)
	n := startWith(t, few, store)
	kept := n.Submit(`{"type":"nap","client":"alice"}`).ID
	n.AwaitStatus(kept, lastcall.Running)
	fill(t, n)
	n.Kill()

	n = startWith(t, few, store)
	socket, _ := n.Connect("alice", "")
	alice := socket.Follow(true)
	n.AwaitStatus(kept, lastcall.Running)
	fill(t, n)
	n.Signal(syscall.SIGTERM)
	answer := alice.Await("the answer", func(f lab.Frame) bool { return f.T == "event" && f.Type == lastcall.TaskSucceeded })
	if answer.Task != kept {
		t.Errorf("the answer is that of %s", answer.Task)
	}
	if code, report := n.Wait(); code != 0 || report == nil || report.SpareMS <= 0 {
		t.Errorf("G8: it ended with %d, report %+v", code, report)
	}
}

// G1, G4: not one descriptor is left, whoever took them (another program of the user may have the host's last one). Who is
// connected is served, the store commits, tasks that need what is not there are handed back at no cost and run when it is
// there again, nobody burns a processor over it, and who comes meanwhile waits.
func TestWithoutASingleDescriptorLeftNothingIsLost(t *testing.T) {
	t.Parallel()
	n := startWith(t, 4*few, lab.Data(t))
	socket, _ := n.Connect("alice", "")
	alice := socket.Follow(true)
	n.Submit(`{"type":"cat","client":"alice"}`, "Prefer: wait=30")
	limit(t, n, 3)
	var ids []string
	for range 5 {
		ids = append(ids, n.Submit(`{"type":"cat","client":"alice","input":1,"max_attempts":1}`).ID)
	}
	for _, id := range ids {
		n.AwaitTask(id, "is handed back", func(t lastcall.Task) bool { return t.Interruptions > 0 || t.Status.Done() })
	}
	c, err := come(n.Addr, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	rests(t, n)
	limit(t, n, 4*few)
	if resp, err := c.answered(); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("who waited is answered %+v, %v", resp, err)
	}
	for _, id := range ids {
		task := n.AwaitTask(id, "has ended", func(t lastcall.Task) bool { return t.Status.Done() })
		if task.Status != lastcall.Succeeded || task.Attempt != 1 {
			t.Errorf("G4: it is %s at attempt %d: %+v", task.Status, task.Attempt, task.Error)
		}
	}
	for _, id := range ids {
		alice.Await("the answer", func(f lab.Frame) bool { return f.Type == lastcall.TaskSucceeded && f.Task == id })
	}
	alice.InOrder(1)
}

// limit sets how many descriptors a running process may have. Those above it stay open.
func limit(t *testing.T, n *lab.Node, descriptors uint64) {
	t.Helper()
	if err := unix.Prlimit(n.Cmd.Process.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: descriptors, Max: 4 * few}, nil); err != nil {
		t.Fatal(err)
	}
}

// rests fails the test if a node from which nobody wants anything is busy all the same.
func rests(t *testing.T, n *lab.Node) {
	t.Helper()
	const while = 3 * time.Second
	before := burnt(t, n)
	wait(while)
	if took := burnt(t, n) - before; took > while/2 {
		t.Errorf("in %v it took %v of a processor", while, took)
	}
}

// burnt is the time of a processor that a node has had.
func burnt(t *testing.T, n *lab.Node) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", n.Cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	ticks := 0
	for _, f := range fields[11:13] { // utime and stime, in hundredths of a second (proc(5))
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
