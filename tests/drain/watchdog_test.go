package drain_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// G8: the log of the process is a pipe that nobody reads any more, so that the drain hangs in the first line that it
// writes, for good. The watchdog, which waits for nothing and nobody, ends the process at the deadline.
func TestANodeThatHangsInItsOwnLogIsGoneAtTheDeadline(t *testing.T) {
	t.Parallel()
	reader, log, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer log.Close()
	ctx, cancel := context.WithTimeout(t.Context(), lab.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, lab.Binary(t), lab.ServeArgs(lab.Data(t), "--grace=4s", "--drain-hand-back=2s", "--stop-timeout=1s")...)
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewReader(reader); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, `"msg":"serving"`) {
			break
		}
	}
	lab.FillPipe(t, log)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != drain.ExitDeadline {
		t.Errorf("the process ended with %v, want exit code %d", err, drain.ExitDeadline)
	}
}
