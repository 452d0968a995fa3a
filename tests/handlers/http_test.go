package handlers_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// wayward serves handlers that behave badly in a task's first run, each in its own way, and well in a later one.
type wayward struct {
	*httptest.Server

	mu    sync.Mutex
	asked map[string][]time.Time // by task
	gone  map[string]bool        // connections that were closed under a run that hung
}

func newWayward(t *testing.T) *wayward {
	t.Helper()
	w := &wayward{asked: map[string][]time.Time{}, gone: map[string]bool{}}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

func (w *wayward) ServeHTTP(resp http.ResponseWriter, req *http.Request) {
	_, _ = io.Copy(io.Discard, req.Body)
	id := req.Header.Get("Lastcall-Task-Id")
	w.mu.Lock()
	w.asked[id] = append(w.asked[id], time.Now())
	w.mu.Unlock()
	if req.Header.Get("Lastcall-Run") != "1" {
		_, _ = fmt.Fprintf(resp, `"run %s, attempt %s"`, req.Header.Get("Lastcall-Run"), req.Header.Get("Lastcall-Attempt"))
		return
	}
	switch req.URL.Path {
	case "/hang":
		<-req.Context().Done() // which ends with the connection
		w.mu.Lock()
		w.gone[id] = true
		w.mu.Unlock()
	case "/reset":
		conn, _, _ := resp.(http.Hijacker).Hijack()
		_ = conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	case "/busy":
		resp.Header().Set("Retry-After", "2")
		resp.WriteHeader(http.StatusTooManyRequests)
	case "/large":
		_, _ = io.WriteString(resp, `"`+strings.Repeat("x", 1<<20-1)+`"`)
	case "/prose":
		_, _ = io.WriteString(resp, "here you are")
	}
}

// times are when a task was asked for.
func (w *wayward) times(id string) []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked[id]
}

// hanging submits a task that hangs, and waits until it does.
func (w *wayward) hanging(t *testing.T, n *lab.Node, typ string) string {
	t.Helper()
	id := submit(n, typ, "null")
	lab.Until(t, "it hangs", func() bool { return len(w.times(id)) == 1 })
	return id
}

// letGo waits until the connection of a task that hung is closed.
func (w *wayward) letGo(t *testing.T, id string) {
	t.Helper()
	lab.Until(t, "its connection is closed", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.gone[id]
	})
}

// services starts a node that asks these handlers.
func (w *wayward) services(t *testing.T, store string) *lab.Node {
	t.Helper()
	return configured(t, store, strings.ReplaceAll(`tasks:
  hang:    {http: "URL/hang"}
  hurried: {http: "URL/hang", timeout: 300ms, max_attempts: 1}
  reset:   {http: "URL/reset", backoff: {base: 10ms}}
  busy:    {http: "URL/busy"}
  large:   {http: "URL/large"}
  prose:   {http: "URL/prose"}
`, "URL", w.URL))
}

func configured(t *testing.T, store, config string) *lab.Node {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lastcall.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return lab.Start(t, store, append(short, "--config="+file)...)
}

// G4, G8.
func TestAServiceThatHangsThroughADrain(t *testing.T) {
	t.Parallel()
	store, w := lab.Data(t), newWayward(t)
	n := w.services(t, store)
	id := w.hanging(t, n, "hang")
	n.Signal(syscall.SIGTERM)
	if r := n.Drained(); r.Tasks != (drain.WorkTally{HandedBack: 1}) {
		t.Errorf("the report counts %+v, want one handed back", r.Tasks)
	}
	w.letGo(t, id)

	task := done(w.services(t, store), id)
	ended(t, task, lastcall.Succeeded, `"run 2, attempt 1"`)
	counted(t, task, 2, 1, 1, 0)
}

func TestACancelAndATimeoutLetGoOfAServiceThatHangs(t *testing.T) {
	t.Parallel()
	w := newWayward(t)
	n := w.services(t, lab.Data(t))
	id := w.hanging(t, n, "hang")
	cancel(n, id)
	if task := done(n, id); task.Status != lastcall.Canceled {
		t.Errorf("it ended as %s", task.Status)
	}
	w.letGo(t, id)
	id = w.hanging(t, n, "hurried")
	ended(t, done(n, id), lastcall.Failed, lastcall.FailureTimeout)
	w.letGo(t, id)
}

// G9.
func TestAKilledNodeLetsGoOfAServiceThatHangs(t *testing.T) {
	t.Parallel()
	store, w := lab.Data(t), newWayward(t)
	n := w.services(t, store)
	id := w.hanging(t, n, "hang")
	n.Kill()
	w.letGo(t, id)
	task := done(w.services(t, store), id)
	ended(t, task, lastcall.Succeeded, `"run 2, attempt 1"`)
	counted(t, task, 2, 1, 0, 1)
}

// G4: to be put off costs no attempt, and to be cut off costs one.
func TestAServiceThatIsBusyIsAskedAgainWhenItSays(t *testing.T) {
	t.Parallel()
	w := newWayward(t)
	n := w.services(t, lab.Data(t))
	busy, reset := submit(n, "busy", "null"), submit(n, "reset", "null")
	task := done(n, busy)
	ended(t, task, lastcall.Succeeded, `"run 2, attempt 1"`)
	counted(t, task, 2, 1, 1, 0)
	if at := w.times(busy); len(at) != 2 || at[1].Sub(at[0]) < 1900*time.Millisecond {
		t.Errorf("it was asked at %v, and had said: after 2 s", at)
	}
	task = done(n, reset)
	if task.Status != lastcall.Succeeded || string(task.Output) != `"run 2, attempt 2"` {
		t.Errorf("the one that was reset ended as %s with %s; %+v", task.Status, task.Output, task.Error)
	}
}

// G10.
func TestWhatAServiceMayNotSayFailsItsTaskForGood(t *testing.T) {
	t.Parallel()
	w := newWayward(t)
	n := w.services(t, lab.Data(t))
	for typ, want := range map[string]string{"large": lastcall.FailureOutputLarge, "prose": lastcall.FailureBadOutput} {
		task := done(n, submit(n, typ, "null"))
		ended(t, task, lastcall.Failed, want)
		counted(t, task, 1, 1, 0, 0)
	}
}

// The example of the documentation, and a client of the standard that is not ours: it takes what is signed and nothing
// else.
func TestAServiceInPythonKnowsWhoAsks(t *testing.T) {
	t.Parallel()
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	service := exec.CommandContext(t.Context(), "python3", "testdata/service.py")
	service.Env = append(os.Environ(), "PORT=0", "SIGNING_SECRET="+secret)
	out, err := service.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = service.Process.Kill()
		_ = service.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	var port int
	if _, scanErr := fmt.Sscanf(line, "serving at %d", &port); scanErr != nil {
		t.Fatalf("the service said %q, %v", line, err)
	}
	types := fmt.Sprintf("tasks:\n  sum: {http: \"http://127.0.0.1:%d/run\"}\n", port)
	n := configured(t, lab.Data(t), "signing_secret: "+secret+"\n"+types)
	ended(t, done(n, submit(n, "sum", `{"numbers":[1,2,39]}`)), lastcall.Succeeded, `{"sum": 42}`)
	n = configured(t, lab.Data(t), types)
	ended(t, done(n, submit(n, "sum", `{"numbers":[1]}`)), lastcall.Failed, "not_signed")
}
