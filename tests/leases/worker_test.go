package leases_test

import (
	"bytes"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// worker is a process that works for nodes.
type worker struct {
	t      *testing.T
	cmd    *exec.Cmd
	exited chan struct{}

	mu  sync.Mutex
	log bytes.Buffer
}

func (w *worker) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

// said is what it has logged.
func (w *worker) said() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

// python runs examples/worker-python for nodes at these addresses.
func python(t *testing.T, addrs ...string) *worker {
	t.Helper()
	return pythonFor(t, leaseTime, addrs...)
}

// Seconds of a lease: one that a worker on a busy machine does not lose, and the shortest there is.
const leaseTime, shortTime = "15", "5"

func pythonFor(t *testing.T, ttl string, addrs ...string) *worker {
	t.Helper()
	args := []string{"../../examples/worker-python/worker.py", "--ttl", ttl, "--name", "the python"}
	return hire(t, exec.CommandContext(t.Context(), "python3", append(args, urls(addrs)...)...))
}

// shell runs examples/worker-shell.
func shell(t *testing.T, addrs ...string) *worker {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "../../examples/worker-shell/worker.sh")
	cmd.Env = append(cmd.Environ(), "LASTCALL_NODES="+strings.Join(urls(addrs), " "), "LASTCALL_TTL="+leaseTime, "LASTCALL_WORKER=the shell")
	return hire(t, cmd)
}

func urls(addrs []string) (urls []string) {
	for _, a := range addrs {
		urls = append(urls, "http://"+a)
	}
	return urls
}

// hire starts a worker, with all that it starts in a process group of its own, which the end of the test kills.
func hire(t *testing.T, cmd *exec.Cmd) *worker {
	t.Helper()
	w := &worker{t: t, cmd: cmd, exited: make(chan struct{})}
	cmd.Stderr = w
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the process, which Cleanup kills and waits for
		_ = cmd.Wait()
		close(w.exited)
	}()
	t.Cleanup(func() {
		w.kill()
		if t.Failed() {
			t.Logf("log of the worker:\n%s", w.said())
		}
	})
	return w
}

// kill ends the worker and all that it has started, as a power cut would.
func (w *worker) kill() {
	_ = syscall.Kill(-w.cmd.Process.Pid, syscall.SIGKILL)
	<-w.exited
}

// stop tells the worker to stop and fails the test unless it ends in order.
func (w *worker) stop() {
	w.t.Helper()
	if err := w.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		w.t.Fatal(err)
	}
	select {
	case <-w.exited:
	case <-time.After(lab.Patience):
		w.t.Fatalf("the worker did not stop\n%s", w.said())
	}
	if code := w.cmd.ProcessState.ExitCode(); code != 0 || !strings.HasSuffix(w.said(), "stopped\n") {
		w.t.Errorf("the worker ended with %d:\n%s", code, w.said())
	}
}

const (
	quick = `{"below":10000}`
	slow  = `{"below":20000,"rest":0.4}` // about 8 s
	// The answers, from the tables.
	ofQuick = `{"primes":1229}`
	ofSlow  = `{"primes":2262}`
)

func submit(n *lab.Node, typ, input string) string {
	return n.Submit(`{"type":"` + typ + `","client":"alice","input":` + input + `}`).ID
}

// underWay waits until a task's worker has told of its progress.
func underWay(n *lab.Node, id string) lastcall.Task {
	return n.AwaitTask(id, "is under way", func(t lastcall.Task) bool { return t.Status == lastcall.Running && t.Progress != nil })
}

func done(n *lab.Node, id string) lastcall.Task {
	return n.AwaitTask(id, "is done", func(t lastcall.Task) bool { return t.Status.Done() })
}

// ended fails the test unless the task has this status and, as the case may be, this output or code of an error.
func ended(t *testing.T, task lastcall.Task, want lastcall.Status, says string) {
	t.Helper()
	got := string(task.Output)
	if task.Error != nil {
		got = task.Error.Code
	}
	if task.Status != want || (says != "" && got != says) {
		t.Errorf("%s ended as %s with %.100s, want %s with %s; %+v", task.Type, task.Status, got, want, says, task.Error)
	}
}

// counted fails the test unless the task has these counts.
func counted(t *testing.T, task lastcall.Task, run int64, attempt, interruptions, crashes int) {
	t.Helper()
	if task.Run != run || task.Attempt != attempt || task.Interruptions != interruptions || task.Crashes != crashes {
		t.Errorf("%s is in run %d, attempt %d, with %d interruptions and %d crashes; want %d, %d, %d and %d", task.Type,
			task.Run, task.Attempt, task.Interruptions, task.Crashes, run, attempt, interruptions, crashes)
	}
}

func cancel(n *lab.Node, id string) { n.Do(http.MethodPost, "/v1/tasks/"+id+"/cancel", "") }
