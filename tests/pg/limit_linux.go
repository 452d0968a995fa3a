package pg

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Unlimited takes a limit away.
const Unlimited = ^uint64(0)

// LimitFiles lets no file of the server grow beyond so many bytes, in all its processes and in those that it will start,
// until it is stopped: a disk without room that can be had anywhere. The limit is set as the server's user, which needs no
// right beyond being that.
func (s *Server) LimitFiles(tb testing.TB, bytes uint64) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		tb.Fatal("the server does not run")
	}
	soft := "unlimited"
	if bytes != Unlimited {
		soft = strconv.FormatUint(bytes, 10)
	}
	// Whom the postmaster starts from now on has it from it.
	for _, pid := range append([]int{s.cmd.Process.Pid}, children(s.cmd.Process.Pid)...) {
		cmd := exec.CommandContext(tb.Context(), "prlimit", "--pid", strconv.Itoa(pid), "--fsize="+soft+":")
		cmd.SysProcAttr, cmd.Dir = s.user.attributes(), s.dir
		if out, err := cmd.CombinedOutput(); err != nil && !strings.Contains(string(out), "No such process") {
			tb.Fatalf("limit process %d: %v\n%s", pid, err, out)
		}
	}
}
