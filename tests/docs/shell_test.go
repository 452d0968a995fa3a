package docs_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// patience is how long a piece may take. It decides nothing: some build programs, on machines that are busy.
const patience = 5 * time.Minute

// shell is a bash that runs one piece after the other, so that variables and jobs of one are there for the next. All that
// it starts is in its process group, and ends with it.
type shell struct {
	t   *testing.T
	dir string
	env []string

	cmd   *exec.Cmd
	in    io.WriteCloser
	codes chan string // a line for each piece that has ended; closed when the shell has
	ended chan struct{}
	out   string // of a terminal
}

// open starts a shell in a folder.
func open(t *testing.T, dir string, env []string) *shell {
	t.Helper()
	s := &shell{t: t, dir: dir, env: env, codes: make(chan string, 100), ended: make(chan struct{})}
	// fd 3 is where the shell says that a piece has ended. The pieces do not have it.
	said, says, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd = exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc")
	s.cmd.Dir, s.cmd.Env, s.cmd.ExtraFiles = dir, env, []*os.File{says}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.cmd.Cancel = func() error { return nil } // close ends it, with all that it has started
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	err = errors.Join(s.cmd.Start(), says.Close())
	if err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the shell, whose end closes the pipe; close waits for it
		defer close(s.ended)
		defer said.Close()
		defer close(s.codes)
		for lines := bufio.NewScanner(said); lines.Scan(); {
			s.codes <- lines.Text()
		}
		_ = s.cmd.Wait()
	}()
	t.Cleanup(s.close)
	return s
}

// run runs a piece to its end, and returns what it wrote and whether it went well.
func (s *shell) run(text string) (stdout, stderr string, ok bool) {
	s.t.Helper()
	piece := filepath.Join(s.t.TempDir(), "piece")
	write(s.t, piece, text)
	_, err := fmt.Fprintf(s.in, "set -eo pipefail; source %[1]s </dev/null >%[1]s.out 2>%[1]s.err 3>&-; echo $? >&3\n", piece)
	if err != nil {
		s.t.Fatal(err)
	}
	var code string
	select {
	case code = <-s.codes:
	case <-time.After(patience):
		code = "late"
	}
	return content(s.t, piece+".out"), content(s.t, piece+".err"), code == "0"
}

// close ends the shell and all that it has started: first as one would, then as one must.
func (s *shell) close() {
	group := -s.cmd.Process.Pid
	_ = s.in.Close()
	_ = syscall.Kill(group, syscall.SIGTERM)
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for syscall.Kill(group, 0) == nil {
		if time.Now().After(deadline) {
			_ = syscall.Kill(group, syscall.SIGKILL)
		}
		<-tick.C
	}
	<-s.ended
}

// terminal runs a piece in a shell of its own and does not wait for it. What it writes goes into the file out.
func (s *shell) terminal(text string) *shell {
	s.t.Helper()
	other := open(s.t, s.dir, s.env)
	piece := filepath.Join(s.t.TempDir(), "piece")
	write(s.t, piece, text)
	other.out = piece + ".out"
	write(s.t, other.out, "")
	// trap: Ctrl-C goes to all of a terminal, and it is for what runs there to deal with it.
	_, err := fmt.Fprintf(other.in, "trap : INT; source %s </dev/null >%s 2>&1 3>&-; echo $? >&3\n", piece, other.out)
	if err != nil {
		s.t.Fatal(err)
	}
	return other
}

// interrupt is Ctrl-C, and waits until what ran there has ended.
func (s *shell) interrupt() {
	s.t.Helper()
	_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGINT)
	select {
	case <-s.codes:
	case <-time.After(lab.Patience):
		s.t.Fatal("Ctrl-C did not end it")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	mode := os.FileMode(0o600)
	if strings.HasPrefix(text, "#!") {
		mode = 0o700
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), mode)); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
