package spawn

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Supported says why commands cannot be run here; nil if they can.
func Supported() error {
	_, err := self()
	return err
}

// self is the file to start a supervisor from.
func self() (string, error) {
	const exe = "/proc/self/exe"
	if _, err := os.Stat(exe); err != nil {
		return "", fmt.Errorf("running commands needs /proc: %w", err)
	}
	return exe, nil
}

// adopt makes every orphan among the descendants of this process its child, and gives the process its name where
// programs look that know only the name of the file.
func adopt() {
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) // there since Linux 3.4
	_ = os.WriteFile("/proc/self/comm", []byte(supervisorName), 0)
}

// seal keeps every file to this process but the command's own. Before Linux 5.11 files that the node has from whoever
// started it, and knows nothing of, slip through.
func seal() {
	syscall.CloseOnExec(controlFD)
	syscall.CloseOnExec(reportFD)
	_ = unix.CloseRange(controlFD, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC)
}

func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// await waits for the command, and meanwhile buries the orphans that die. It looks before it reaps, so that nobody
// signals a number that is the command's no more.
func (s *supervisor) await() syscall.WaitStatus {
	for {
		_ = unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if ws, gone := s.reap(); gone {
			return ws
		}
	}
}

func (s *supervisor) reap() (ws syscall.WaitStatus, gone bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pid, _ := syscall.Wait4(-1, &ws, syscall.WNOHANG, nil)
	s.gone = pid == s.pid
	return ws, s.gone
}

// sweep kills all that is left, and returns when nothing is. It kills children only: their numbers cannot become
// another's before they are reaped, which happens here. Their children become its own when they die, and are next.
func sweep(int) {
	for pause := time.Millisecond; someLeft(); pause = min(2*pause, 50*time.Millisecond) {
		for _, pid := range children() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		<-time.After(pause) // for an adoption there is no signal
	}
}

// someLeft buries the dead and reports whether any child is left. Without one there is nobody left at all: whoever is
// alive has an ancestor here.
func someLeft() bool {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		switch {
		case err == syscall.ECHILD:
			return false
		case err == nil && pid == 0:
			return true
		}
	}
}

// children looks for them in /proc.
func children() []int {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer proc.Close()
	names, _ := proc.Readdirnames(-1)
	var found []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil && parentOf(name) == os.Getpid() {
			found = append(found, pid)
		}
	}
	return found
}

// parentOf is the parent of a process, 0 if there is no such process. Its line in stat is "PID (NAME) STATE PARENT …",
// and the name may hold anything.
func parentOf(pid string) int {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(string(fields[1]))
	return parent
}
