//go:build unix

package spawn

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// NotifySignal is the signal of Notify.
const NotifySignal = syscall.SIGUSR1

// Tree is a command that was started, and all that it starts. The files are the node's ends of its pipes, the caller's to
// close.
type Tree struct {
	Stdin    *os.File
	Stdout   *os.File
	Stderr   *os.File
	Messages *os.File // what it writes to file descriptor 3

	supervisor *exec.Cmd
	control    *os.File
	report     *os.File
}

// Start starts a command. Wait must be called, and says too if the command could not be run. The command gets pipes as
// its standard input, output and error and as file descriptor 3, and no other file.
func Start(c Command) (*Tree, error) {
	self, err := self()
	if err != nil {
		return nil, err
	}
	t := &Tree{supervisor: &exec.Cmd{
		Path: self, Args: append([]string{supervisorName, c.Remove, c.Path}, c.Args...), Dir: c.Dir, Env: c.Env,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}}
	theirs, err := t.pipes()
	if err == nil {
		t.supervisor.Stdin, t.supervisor.Stdout, t.supervisor.Stderr = theirs[0], theirs[1], theirs[2]
		t.supervisor.ExtraFiles = theirs[3:]
		err = t.supervisor.Start()
	}
	for _, f := range theirs { // or their ends would not be seen here
		f.Close()
	}
	if err != nil {
		t.close()
		return nil, fmt.Errorf("start: %w", err)
	}
	return t, nil
}

// pipes opens all pipes and returns the other side's ends in the order of their numbers there.
func (t *Tree) pipes() (theirs []*os.File, err error) {
	in := func(ours **os.File) {
		if r, w, e := os.Pipe(); e != nil {
			err = e
		} else {
			*ours, theirs = w, append(theirs, r)
		}
	}
	out := func(ours **os.File) {
		if r, w, e := os.Pipe(); e != nil {
			err = e
		} else {
			*ours, theirs = r, append(theirs, w)
		}
	}
	in(&t.Stdin)
	out(&t.Stdout)
	out(&t.Stderr)
	out(&t.Messages)
	in(&t.control)
	out(&t.report)
	return theirs, err
}

// Tell passes a word on. It may be called concurrently; after the end it does nothing.
func (t *Tree) Tell(w Word) {
	_, _ = t.control.Write([]byte{byte(w)}) // a supervisor that is gone needs no telling
}

// Wait returns when nothing is left of the command and what it started. An error means that it could not be run, or, if
// it is ErrLost, that its supervisor was killed; then there may be left what had gone to another process group.
func (t *Tree) Wait() (End, error) {
	text, readErr := io.ReadAll(t.report) // ends with the supervisor, which alone holds the other end
	_ = t.supervisor.Wait()               // it has said what there is to say
	t.control.Close()
	t.report.Close()
	r := parseReport(string(text))
	switch {
	case r.failed != "":
		return End{}, fmt.Errorf("run %s: %s", t.supervisor.Args[argPath], r.failed)
	case r.end != nil:
		return *r.end, nil
	case r.pid > 0:
		_ = syscall.Kill(-r.pid, syscall.SIGKILL)
	}
	return End{}, errors.Join(ErrLost, readErr)
}

// Close closes the caller's files.
func (t *Tree) Close() {
	for _, f := range []*os.File{t.Stdin, t.Stdout, t.Stderr, t.Messages} {
		f.Close()
	}
}

// close closes what a start that failed has opened. Closing a nil file does nothing.
func (t *Tree) close() {
	t.Close()
	t.control.Close()
	t.report.Close()
}
