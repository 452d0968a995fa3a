package lab

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/drain"
)

// Patience is how long a test waits for what must happen. It decides nothing: only a broken program reaches it.
const Patience = 60 * time.Second

// Node is a running lastcall process.
type Node struct {
	t    testing.TB
	Cmd  *exec.Cmd
	Addr string // HOST:PORT
	// Transport carries the requests; nil is the one that all share. Those without it are new connections, or not, as
	// they come.
	Transport http.RoundTripper

	serving chan struct{} // closed when it serves; Addr may be read from then on
	exited  chan struct{} // closed when the process has ended and its log is read

	mu     sync.Mutex
	log    []Line
	report *drain.Report
	news   chan struct{} // closed and replaced at each line
}

// Line is a line of a node's log.
type Line struct {
	Level  string        `json:"level"`
	Msg    string        `json:"msg"`
	Addr   string        `json:"addr"`
	Task   string        `json:"task"`
	Report *drain.Report `json:"report"`
	Raw    string        `json:"-"`
}

// Data is a store's address in a folder of the test's own. Nodes that are given the same share it.
func Data(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "lab.db")
}

// Start runs "lastcall serve" on a free port with the flags given, and returns when it serves. It is killed at the end
// of the test if it still runs then.
func Start(t testing.TB, store string, flags ...string) *Node {
	t.Helper()
	n := Launch(t, exec.CommandContext(t.Context(), Binary(t), ServeArgs(store, flags...)...))
	n.Await("it serves", func(l Line) bool { return l.Msg == "serving" })
	return n
}

// ServeArgs are the arguments of Start's command.
func ServeArgs(store string, flags ...string) []string {
	args := []string{"serve", "--listen", "127.0.0.1:0", "--store", store, "--node", "lab", "--log-format", "json"}
	return append(args, flags...)
}

// Launch starts a command that logs as a node does, and does not wait for it to serve.
func Launch(t testing.TB, cmd *exec.Cmd) *Node {
	t.Helper()
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "LASTCALL_") {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := &Node{t: t, Cmd: cmd, serving: make(chan struct{}), exited: make(chan struct{}), news: make(chan struct{})}
	go n.follow(log) // ends with the process; closes exited, which Cleanup waits for
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-n.exited
		n.sound()
		if t.Failed() {
			t.Logf("log of the node at %s:\n%s", n.Addr, n.Log())
		}
	})
	return n
}

func (n *Node) follow(log io.Reader) {
	defer close(n.exited)
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		l := Line{Raw: lines.Text()}
		_ = json.Unmarshal(lines.Bytes(), &l) // other lines count too: a panic, a race
		n.note(l)
	}
	_ = n.Cmd.Wait()
}

func (n *Node) note(l Line) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = append(n.log, l)
	switch l.Msg {
	case "serving":
		n.Addr = l.Addr
		close(n.serving)
	case "drain report":
		n.report = l.Report
	}
	close(n.news)
	n.news = make(chan struct{})
}

// Await waits for a line of the log.
func (n *Node) Await(what string, match func(Line) bool) Line {
	n.t.Helper()
	deadline := time.After(Patience)
	seen := 0
	for {
		n.mu.Lock()
		fresh, news := n.log[seen:], n.news
		seen = len(n.log)
		n.mu.Unlock()
		for _, l := range fresh {
			if match(l) {
				return l
			}
		}
		select {
		case <-news:
		case <-n.exited:
			n.t.Fatalf("waiting until %s: the process ended: %s\n%s", what, n.Cmd.ProcessState, n.Log())
		case <-deadline:
			n.t.Fatalf("waiting until %s: it did not happen\n%s", what, n.Log())
		}
	}
}

// Log is all that the process has logged.
func (n *Node) Log() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var b strings.Builder
	for _, l := range n.log {
		b.WriteString(l.Raw + "\n")
	}
	return b.String()
}

// Signal sends a signal.
func (n *Node) Signal(sig syscall.Signal) {
	n.t.Helper()
	if err := n.Cmd.Process.Signal(sig); err != nil {
		n.t.Fatalf("send %v: %v", sig, err)
	}
}

// Kill ends the process as a power cut would, as far as the process goes, and waits for its end.
func (n *Node) Kill() {
	n.t.Helper()
	n.Signal(syscall.SIGKILL)
	<-n.exited
}

// Serving is closed when the process serves.
func (n *Node) Serving() <-chan struct{} { return n.serving }

// Exited is closed when the process has ended.
func (n *Node) Exited() <-chan struct{} { return n.exited }

// Wait waits for the process to end by itself and returns its exit code and the report of its drain, nil if it wrote
// none.
func (n *Node) Wait() (code int, report *drain.Report) {
	n.t.Helper()
	select {
	case <-n.exited:
	case <-time.After(Patience):
		n.t.Fatalf("the process did not end\n%s", n.Log())
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.Cmd.ProcessState.ExitCode(), n.report
}

// sound fails the test if the process, however it ended, had a data race or died of itself.
func (n *Node) sound() {
	n.t.Helper()
	for _, l := range n.log {
		for _, wrong := range []string{"WARNING: DATA RACE", "panic: ", "fatal error: "} {
			if strings.HasPrefix(l.Raw, wrong) {
				n.t.Errorf("the node at %s: %s", n.Addr, l.Raw)
			}
		}
	}
}
