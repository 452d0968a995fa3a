package pg

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"
)

// Mode is how a server is stopped.
type Mode syscall.Signal

const (
	// Fast ends all sessions and writes what there is to write.
	Fast = Mode(syscall.SIGINT)
	// Immediate ends at once, and leaves what there is to do to the next start: as good as a loss of power, but for what
	// the kernel has not written yet.
	Immediate = Mode(syscall.SIGQUIT)
)

// Stop ends the server and waits until it has ended.
func (s *Server) Stop(tb testing.TB, how Mode) {
	tb.Helper()
	if err := s.stop(how); err != nil {
		tb.Fatal(err)
	}
}

// Start runs a server again that was stopped, on the same port and with all that it had.
func (s *Server) Start(tb testing.TB) {
	tb.Helper()
	if err := s.start(); err != nil {
		tb.Fatal(err)
	}
}

// Pause freezes the server with all its processes: connections stay, and nobody answers.
func (s *Server) Pause(tb testing.TB) {
	tb.Helper()
	if err := s.setFrozen(true); err != nil {
		tb.Fatal(err)
	}
}

// Continue has a frozen server go on.
func (s *Server) Continue(tb testing.TB) {
	tb.Helper()
	if err := s.setFrozen(false); err != nil {
		tb.Fatal(err)
	}
}

func (s *Server) setFrozen(frozen bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return errors.New("the server does not run")
	}
	s.frozen = frozen
	if frozen {
		return freeze(s.cmd.Process.Pid)
	}
	return thaw(s.cmd.Process.Pid)
}

func (s *Server) stop(how Mode) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return nil
	}
	if s.frozen {
		s.frozen = false
		if err := thaw(s.cmd.Process.Pid); err != nil {
			return err
		}
	}
	cmd := s.cmd
	s.cmd = nil
	if err := cmd.Process.Signal(syscall.Signal(how)); err != nil {
		return err
	}
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() }) // Wait says so
	defer late.Stop()
	err := cmd.Wait()
	if state := cmd.ProcessState; state.ExitCode() >= 0 { // it ended by itself, with whatever code
		return nil
	}
	return fmt.Errorf("stop: %w\n%s", err, s.log())
}

// end stops the server and removes its folder.
func (s *Server) end() {
	_ = s.stop(Immediate) // a server that does not end has been killed
	_ = os.RemoveAll(s.dir)
}
