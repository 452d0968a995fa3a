package crash_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lastcall-dev/lastcall/tests/crash/witness"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// G1, G5: the power fails while a second process opens the file, works beside the first, and stays alone on it when that
// has drained.
func TestAPowerCutInATakeoverTakesBackNothingThatWasTold(t *testing.T) {
	t.Parallel()
	d := newDice(t)
	old, heir := watchHeir(t)
	rush(t, old.Node, d, "before", 4, 15, false)
	heir.start(t)
	rush(t, old.Node, d, "opens", 4, 15, false)
	n := heir.node
	n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
	old.Signal(syscall.SIGTERM)
	rush(t, n, d, "drains", 4, 15, false)
	old.Await("it has drained", func(l lab.Line) bool { return l.Report != nil })
	rush(t, n, d, "after", 1, 5, false)
	heir.kill(t)
	<-old.Exited() // its log ends with the tracer's
	e := old.read(t, nil)
	e.from = secondOpening(t, e)
	e.synced(t)
	e.cutPower(t, d.roll(-1), *rounds)
}

// secondOpening is the line at which the second process takes the lock of the set-up: the first takes it to open the file
// and once more for its lease.
func secondOpening(t *testing.T, e *evidence) int {
	t.Helper()
	seen := 0
	for i := range e.calls {
		c := &e.calls[i]
		if strings.HasPrefix(c.Name, "open") && c.Path == filepath.Join(e.dir, db+".lock") {
			if seen++; seen == 3 {
				return c.Began
			}
		}
	}
	t.Fatal("the second process never opened the file")
	return 0
}

// heir is a second process under the same tracer as the first, which alone sees in which order the two do things. It is
// started by a shell beside the first, when a word comes through the pipe "go", and logs into the pipe "log".
type heir struct {
	dir  string
	node *lab.Node // its log; the process under it reads the pipe
}

const twoNodes = `
cd "$2"
sh -c 'echo $$ >pid; read word <go; exec "$0" $1 2>log' "$0" "$1" &
exec "$0" $1`

// watchHeir is watch, with an heir that is still to be started.
func watchHeir(t *testing.T) (*watched, *heir) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h := &heir{dir: t.TempDir()}
	for _, pipe := range []string{"go", "log"} {
		if err := syscall.Mkfifo(filepath.Join(h.dir, pipe), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	trace := filepath.Join(h.dir, "trace")
	serve := lab.ServeArgs("sqlite:"+filepath.Join(dir, db), "--drain-announce-min", "1200ms", "--drain-announce-quiet", "200ms")
	args := append(witness.Args(trace), "sh", "-c", twoNodes, lab.Binary(t), strings.Join(serve, " "), h.dir)
	n := lab.Launch(t, exec.Command("strace", args...))
	n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
	t.Cleanup(func() { // before the tracer is waited for, which waits for this one
		if pid, err := h.pid(); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
		}
	})
	return &watched{n, dir, trace}, h
}

// start has the heir started, and does not wait for it.
func (h *heir) start(t *testing.T) {
	t.Helper()
	h.node = lab.Launch(t, exec.Command("sh", "-c", `echo go >"$0/go"; exec cat "$0/log" >&2`, h.dir))
}

// kill ends the heir's own process.
func (h *heir) kill(t *testing.T) {
	t.Helper()
	pid, err := h.pid()
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err != nil {
		t.Fatal(err)
	}
	<-h.node.Exited()
}

func (h *heir) pid() (int, error) {
	text, err := os.ReadFile(filepath.Join(h.dir, "pid"))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}
