package handler

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// G4: a node that has no descriptor, no process or no memory for a run hands the task back; what else keeps a command from
// being started is a failed attempt as ever.
func TestATaskIsNotChargedForWhatItsNodeLacks(t *testing.T) {
	for _, c := range []struct {
		err  error
		want lastcall.Verdict
	}{
		{fmt.Errorf("start: %w", os.NewSyscallError("pipe2", syscall.EMFILE)), lastcall.Release},
		{fmt.Errorf("start: %w", &os.PathError{Op: "fork/exec", Path: "/bin/true", Err: syscall.EAGAIN}), lastcall.Release},
		{&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.ENFILE)}, lastcall.Release},
		{fmt.Errorf("start: %w", &os.PathError{Op: "fork/exec", Path: "/bin/true", Err: syscall.ENOENT}), lastcall.Fail},
	} {
		task := &lastcall.Task{Attempt: 1, MaxAttempts: 5}
		o := lastcall.OutcomeOf(task, nil, notBegun(c.err), nil, lastcall.Backoff{}, 0)
		if o.Verdict != c.want {
			t.Errorf("%v: %v, want %v", c.err, o.Verdict, c.want)
		}
	}
}
