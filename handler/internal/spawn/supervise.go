//go:build unix

package spawn

import (
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
)

// supervisorName is the argv[0] that makes this program a supervisor, and what it is called in a list of processes.
const supervisorName = "supervise-run"

// What stands where in a supervisor's arguments; those of the command begin at argArgs.
const (
	argRemove = iota + 1
	argPath
	argArgs
)

// The files of a supervisor; below them are those of the command.
const (
	controlFD = iota + 4
	reportFD
)

// init takes over from main where this process is a supervisor: see the package comment. It leaves without what a
// program does at its exit: there is nothing to do, and a race detector would take a second for it.
func init() { //nolint:gochecknoinits // nowhere else can a library do it
	if len(os.Args) > argArgs && os.Args[0] == supervisorName {
		supervise(os.Args)
		syscall.Exit(0)
	}
}

// supervisor looks after one command.
type supervisor struct {
	pid int // of the command, and of its process group

	mu   sync.Mutex
	gone bool // the command is reaped: its number may be another's
}

// supervise runs a command and returns when nothing is left of it.
func supervise(args []string) {
	// The parent that a parent-death signal knows is a thread, not a process: it must be one that stays.
	runtime.LockOSThread()
	deafen()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, syscall.SIGTERM)
	seal()
	if args[argRemove] != "" {
		defer os.Remove(args[argRemove]) //nolint:errcheck // it may be gone already
	}
	adopt()
	pid, err := syscall.ForkExec(args[argPath], args[argArgs:], &syscall.ProcAttr{
		Files: []uintptr{0, 1, 2, 3}, Env: os.Environ(), Sys: attributes(),
	})
	for fd := range controlFD { // the command's own ends decide when its pipes end
		_ = syscall.Close(fd)
	}
	if err != nil {
		say(failedLine(err))
		return
	}
	say(startedLine(pid))
	s := &supervisor{pid: pid}
	go s.listen() // ends with the process
	end := s.await()
	sweep(pid)
	signal.Stop(interrupted) // it is still caught; what has come is in the channel when this returns
	if len(interrupted) > 0 {
		say(interruptedLine)
	}
	say(endLine(end))
}

// deafen makes the process survive what asks it to stop. The signals are not ignored, as a command would inherit that:
// they are caught, and nobody looks.
func deafen() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT,
		syscall.SIGPIPE, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGTSTP)
}

// say writes a line of the report. A node that is gone does not hear it.
func say(line string) { _, _ = syscall.Write(reportFD, []byte(line)) }

// listen does what the node says, and kills everything when there is no node any more.
func (s *supervisor) listen() {
	var word [1]byte
	for {
		n, err := syscall.Read(controlFD, word[:])
		switch {
		case err == syscall.EINTR:
		case n < 1:
			s.kill()
			return
		case Word(word[0]) == Kill:
			s.kill()
		case Word(word[0]) == Terminate:
			s.terminate()
		case Word(word[0]) == Notify:
			s.signal(s.pid, NotifySignal)
		}
	}
}

// terminate asks the command's group to stop, and the command also where it has left that.
func (s *supervisor) terminate() {
	s.signal(-s.pid, syscall.SIGTERM)
	if group, err := syscall.Getpgid(s.pid); err == nil && group != s.pid {
		s.signal(s.pid, syscall.SIGTERM)
	}
}

// kill ends the command, and with it the wait: the rest is swept up after it. Its group goes at the same time, so that
// it has no time to start anew what it sees dying.
func (s *supervisor) kill() {
	s.signal(-s.pid, syscall.SIGKILL)
	s.signal(s.pid, syscall.SIGKILL) // it may have left its group
}

func (s *supervisor) signal(target int, sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.gone {
		_ = syscall.Kill(target, sig)
	}
}
