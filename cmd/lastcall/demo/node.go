package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/lastcall-dev/lastcall/drain"
)

// node is a lastcall process of the demo's own.
type node struct {
	cmd  *exec.Cmd
	addr string // HOST:PORT

	// exited is closed when the process has ended; report and exitErr may be read from then on.
	exited  chan struct{}
	report  drain.Report
	exitErr error
	// tail is the last line of its log, for when something goes wrong.
	tail string
}

// startNode runs this very program as a server on a free port, with its data in dir. Nodes that are given the same share
// it.
func startNode(ctx context.Context, dir, name string, flags ...string) (*node, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	args := []string{
		"serve", "--listen", "127.0.0.1:0", "--store", "sqlite:" + filepath.Join(dir, "demo.db"), "--node", name,
		"--grace", "30s", "--log-format", "json", "--log-level", "info",
	}
	cmd := exec.CommandContext(ctx, self, append(args, flags...)...)
	cmd.Env = cleanEnvironment()
	log, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a node: %w", err)
	}
	n := &node{cmd: cmd, exited: make(chan struct{})}
	addr := make(chan string, 1)
	go n.follow(log, addr) // ends with the process; closes exited
	select {
	case n.addr = <-addr:
		return n, nil
	case <-n.exited:
		return nil, fmt.Errorf("the node ended before it was ready: %s", n.tail)
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
		<-n.exited
		return nil, errors.New("the node was not ready after 20 s")
	}
}

// follow reads the process's log to its end and then waits for the process.
func (n *node) follow(log io.Reader, addr chan<- string) {
	defer close(n.exited)
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		n.tail = lines.Text()
		var line struct {
			Msg    string       `json:"msg"`
			Addr   string       `json:"addr"`
			Report drain.Report `json:"report"`
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			continue
		}
		switch line.Msg {
		case "serving":
			addr <- line.Addr
		case "drain report":
			n.report = line.Report
		}
	}
	n.exitErr = n.cmd.Wait()
}

// terminate sends SIGTERM.
func (n *node) terminate() error { return n.cmd.Process.Signal(syscall.SIGTERM) }

// running reports whether the process is still there.
func (n *node) running() bool {
	select {
	case <-n.exited:
		return false
	default:
		return true
	}
}

func (n *node) exitCode() int { return n.cmd.ProcessState.ExitCode() }

// end ends the process if it still runs.
func (n *node) end() {
	if n.running() {
		_ = n.cmd.Process.Kill()
	}
	<-n.exited
}
