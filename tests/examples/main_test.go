// Package examples_test runs the programs of examples/ that have no tests of their own, as they stand there: real
// processes, real signals, and what their customers get of it all.
package examples_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

func TestMain(m *testing.M) {
	lab.SideBySide(4) // the tests wait more than they work, and each has processes of its own
	lab.Main(m)
}

// example is a copy of an example's folder, which its programs may write into.
func example(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(dir, os.DirFS("../../examples/"+name)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// node starts a node with the example's own configuration, and short drains.
func node(t *testing.T, dir, store string) *lab.Node {
	t.Helper()
	return lab.Start(t, store, "--config", filepath.Join(dir, "lastcall.yaml"), "--node", "example",
		"--grace", "8s", "--drain-hand-back", "5s", "--stop-timeout", "2s", "--drain-announce-min", "1s", "--drain-announce-max", "1s")
}

// process is a program of an example that is no node.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	said string // a file
	over chan struct{}
}

// start starts it, and returns when it has said that it serves.
func start(t *testing.T, serves, dir, program string, args ...string) *process {
	t.Helper()
	said, err := os.CreateTemp(t.TempDir(), "said")
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.CommandContext(t.Context(), program, args...), said: said.Name(), over: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, said, said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = said.Close() // the process has it
	go func() {      // ends with the process; Cleanup waits for it
		defer close(p.over)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.over
		if t.Failed() {
			t.Logf("%s said\n%s", program, p.text())
		}
	})
	lab.Until(t, program+" serves", func() bool { return strings.Contains(p.text(), serves) })
	return p
}

// text is all that it has said so far.
func (p *process) text() string {
	b, err := os.ReadFile(p.said)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// end sends it a signal and waits for its end.
func (p *process) end(sig syscall.Signal) int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
	<-p.over
	return p.cmd.ProcessState.ExitCode()
}

// says waits until it has said something.
func (p *process) says(what string) {
	p.t.Helper()
	lab.Until(p.t, "it says "+what, func() bool { return strings.Contains(p.text(), what) })
}
