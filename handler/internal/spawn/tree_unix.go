//go:build unix && !linux

package spawn

import (
	"os"
	"syscall"
)

// Supported says why commands cannot be run here; nil if they can.
func Supported() error {
	_, err := self()
	return err
}

// self is the file to start a supervisor from.
func self() (string, error) { return os.Executable() }

// adopt does nothing: orphans go to init here.
func adopt() {}

// seal keeps the supervisor's own files to it.
func seal() {
	syscall.CloseOnExec(controlFD)
	syscall.CloseOnExec(reportFD)
}

func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// await waits for the command. Between its being reaped and that being noted lies an instant in which a signal could
// meet another process that was given its number; to look without reaping is not to be had on all of these systems.
func (s *supervisor) await() (ws syscall.WaitStatus) {
	for {
		pid, err := syscall.Wait4(s.pid, &ws, 0, nil)
		if pid == s.pid || err == syscall.ECHILD {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	return ws
}

// sweep kills what is left of the command's process group.
func sweep(group int) { _ = syscall.Kill(-group, syscall.SIGKILL) }
