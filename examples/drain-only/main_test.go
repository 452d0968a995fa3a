package main

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

// binary is the program as a user builds it.
var binary string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "drain-only")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "drain-only")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		panic(err)
	}
	return code
}

// process is the running program.
type process struct {
	*exec.Cmd
	t    *testing.T
	addr string
	log  chan string // all of standard error, once the process has ended
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(binary, append([]string{"-listen", "127.0.0.1:0"}, args...)...), t: t, log: make(chan string, 1)}
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Process.Kill() })
	lines := bufio.NewReader(stderr)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, url, _ := strings.Cut(strings.TrimSpace(first), "url=http://")
	p.addr = url
	go func() { // ends with the process
		rest, _ := io.ReadAll(lines)
		p.log <- first + string(rest)
	}()
	return p
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// exited waits for the end and returns the exit code and the log.
func (p *process) exited() (code int, log string) {
	p.t.Helper()
	select {
	case log = <-p.log:
	case <-time.After(20 * time.Second):
		p.t.Fatal("the process does not exit")
	}
	var exit *exec.ExitError
	if err := p.Wait(); err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return p.ProcessState.ExitCode(), log
}

// dial opens a WebSocket and shows that somebody answers there.
func (p *process) dial() *websocket.Conn {
	p.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+p.addr+"/talk", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { conn.Close() })
	return conn
}

type answer struct {
	status int
	body   string
	err    error
}

// get is a request on a connection of its own.
func (p *process) get(path string) <-chan answer {
	answers := make(chan answer, 1)
	go func() { // ends with the answer
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := client.Get("http://" + p.addr + path)
		if err != nil {
			answers <- answer{err: err}
			return
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		answers <- answer{response.StatusCode, string(body), err}
	}()
	return answers
}

// waitsFor polls the drain's status until it says what it should.
func (p *process) waitsFor(what string) {
	p.t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		if a := <-p.get("/v1/drain"); strings.Contains(a.body, what) {
			return
		}
	}
	_ = p.Process.Kill()
	p.t.Fatalf("the status never says %s\n%s", what, <-p.log)
}

// G7, for a program that knows nothing of tasks.
func TestAnOpenSocketAndASlowRequestAreServedBeforeTheExit(t *testing.T) {
	p := start(t)
	conn := p.dial()
	if err := conn.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	slow := p.get("/slow?for=1500ms")
	p.waitsFor(`{"tasks":["GET /slow"],"connections":1}`)
	p.signal(syscall.SIGTERM)
	p.waitsFor(`"phase":"finish"`)

	if a := <-p.get("/readyz"); a.status != http.StatusServiceUnavailable {
		t.Errorf("/readyz says %+v", a)
	}
	if a := <-p.get("/slow?for=1ms"); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, `"code":"draining"`) {
		t.Errorf("a new request is answered %+v", a)
	}
	if _, message, err := conn.ReadMessage(); err != nil || string(message) != "you said: hello" {
		t.Errorf("the socket heard %q, %v", message, err)
	}
	if _, _, err := conn.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseServiceRestart) {
		t.Errorf("the socket was closed with %v, want 1012", err)
	}
	if a := <-slow; a.status != http.StatusOK {
		t.Errorf("the slow request was answered %+v", a)
	}
	code, log := p.exited()
	if code != 0 {
		t.Errorf("exit %d\n%s", code, log)
	}
	for _, want := range []string{`\"signal\":\"SIGTERM\"`, `\"finished\":1`, `\"served\":1`, `\"refused\":1`} {
		if !strings.Contains(log, want) {
			t.Errorf("the report does not say %s:\n%s", want, log)
		}
	}
}

// G8: the socket's client reads nothing and answers nothing.
func TestASilentSocketDoesNotKeepTheProcess(t *testing.T) {
	p := start(t)
	p.dial()
	p.waitsFor(`"connections":1`)
	begin := time.Now()
	p.signal(syscall.SIGTERM)
	code, log := p.exited()
	if took := time.Since(begin); code != 0 || took > 3*time.Second {
		t.Errorf("exit %d after %v\n%s", code, took, log)
	}
}

// G8: a request that would take an hour is stopped in time.
func TestTheGraceIsKept(t *testing.T) {
	p := start(t, "-grace", "8500ms")
	hour := p.get("/slow?for=1h")
	p.waitsFor(`"GET /slow"`)
	begin := time.Now()
	p.signal(syscall.SIGTERM)
	if a := <-hour; !strings.Contains(a.body, "the process is stopping") {
		t.Errorf("the request was answered %+v", a)
	}
	code, log := p.exited()
	if took := time.Since(begin); code != 0 || took > 8500*time.Millisecond {
		t.Errorf("exit %d after %v\n%s", code, took, log)
	}
}

func TestASecondSIGINTHurries(t *testing.T) {
	p := start(t)
	p.get("/slow?for=1h")
	p.waitsFor(`"GET /slow"`)
	p.signal(syscall.SIGINT)
	p.waitsFor(`"phase":"finish"`)
	// Whoever sends SIGTERM again and again is not in a hurry.
	p.signal(syscall.SIGTERM)
	p.signal(syscall.SIGTERM)
	p.waitsFor(`"phase":"finish"`)
	begin := time.Now()
	p.signal(syscall.SIGINT)
	code, log := p.exited()
	if took := time.Since(begin); code != 0 || took > 3*time.Second {
		t.Errorf("exit %d after %v\n%s", code, took, log)
	}
}

func TestAPlanThatDoesNotFitIsRefused(t *testing.T) {
	out, err := exec.Command(binary, "-grace", "3s").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "leave nothing of a grace of 3s") {
		t.Errorf("%v: %s", err, out)
	}
}
