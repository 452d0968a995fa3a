package httpapi

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// serve puts the API behind a real connection.
func (f *fixture) serve() (addr string) {
	srv := httptest.NewServer(f)
	f.t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

// dial sends text over a new connection and reads the answer to a request of the given method.
func dial(t *testing.T, addr, text, method string) (*http.Response, string, *bufio.Reader) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, strings.ReplaceAll(text, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body), r
}

func TestHeadIsGetWithoutTheBody(t *testing.T) {
	f := setUp(t)
	f.submit(`{"type":"echo"}`)
	addr := f.serve()
	for _, target := range []string{"/v1/tasks/0190-0001", "/v1/tasks", "/readyz", "/", "/openapi.yaml", "/v1/tasks/none"} {
		get, body, _ := dial(t, addr, "GET "+target+" HTTP/1.1\nHost: localhost\n\n", "GET")
		head, nothing, _ := dial(t, addr, "HEAD "+target+" HTTP/1.1\nHost: localhost\n\n", "HEAD")
		if head.StatusCode != get.StatusCode || head.ContentLength != int64(len(body)) || nothing != "" {
			t.Errorf("%s: HEAD %d of %d bytes, GET %d of %d bytes", target, head.StatusCode, head.ContentLength, get.StatusCode, len(body))
		}
	}
}

func TestALargeBodyIsRefusedBeforeItIsSent(t *testing.T) {
	f := setUp(t)
	addr := f.serve()
	resp, body, _ := dial(t, addr, "POST /v1/tasks HTTP/1.1\nHost: localhost\nContent-Type: application/json\n"+
		"Content-Length: 1048577\nExpect: 100-continue\n\n", "POST")
	if resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(body, "too_large") || !resp.Close {
		t.Errorf("%s, closing %t: %s", resp.Status, resp.Close, body)
	}
}

func TestALargeBodyOfUnknownLengthIsCutOff(t *testing.T) {
	f := setUp(t, func(o *Options) { o.Limits.Body = 1000 })
	addr := f.serve()
	chunk := fmt.Sprintf("%x\n%s\n", 1100, strings.Repeat(" ", 1100))
	resp, body, _ := dial(t, addr, "POST /v1/tasks HTTP/1.1\nHost: localhost\nContent-Type: application/json\n"+
		"Transfer-Encoding: chunked\n\n"+chunk+"0\n\n", "POST")
	if resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(body, "too_large") {
		t.Errorf("%s: %s", resp.Status, body)
	}
	if resp, body, _ = dial(t, addr, "POST /v1/tasks HTTP/1.1\nHost: localhost\nContent-Type: application/json\n"+
		"Transfer-Encoding: chunked\n\nf\n{\"type\":\"echo\"}\n0\n\n", "POST"); resp.StatusCode != http.StatusAccepted {
		t.Errorf("a small one: %s: %s", resp.Status, body)
	}
}

func TestABodyThatEndsEarlyIsAnswered(t *testing.T) {
	f := setUp(t)
	r := request(t, "POST", "/v1/tasks", "", "Content-Type: application/json")
	r.Body, r.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(`{"type":"echo"`), failing{errors.New("reset")})), 15
	if fields := f.send(r).refused(lastcall.CodeInvalidRequest); len(fields) != 1 || fields[0] != "body" {
		t.Errorf("the fields %q are named", fields)
	}
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	if len(f.store.tasks) != 0 {
		t.Error("half a body made a task")
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestABodyThatTakesTooLongIsRefusedAndAWaitIsNotCut(t *testing.T) {
	f := setUp(t)
	srv := httptest.NewUnstartedServer(f)
	srv.Config.ReadTimeout = 100 * time.Millisecond
	srv.Start()
	t.Cleanup(srv.Close)
	const head = "POST /v1/tasks HTTP/1.1\nHost: localhost\nContent-Type: application/json\nContent-Length: 15\nPrefer: wait=1\n\n"
	resp, body, _ := dial(t, srv.Listener.Addr().String(), head+`{"type":`, "POST")
	if resp.StatusCode != http.StatusBadRequest || !resp.Close || !strings.Contains(body, "took too long") {
		t.Errorf("%s, closing %t: %s", resp.Status, resp.Close, body)
	}
	begun := time.Now()
	resp, body, _ = dial(t, srv.Listener.Addr().String(), head+`{"type":"echo"}`, "POST")
	if took := time.Since(begun); took < time.Second {
		t.Errorf("the wait of a second ended after %s", took)
	}
	if resp.StatusCode != http.StatusAccepted || f.waiter.listening() != 0 {
		t.Errorf("%s: %s", resp.Status, body)
	}
}

func TestANodeThatStopsClosesConnectionsAfterTheirAnswer(t *testing.T) {
	f := setUp(t)
	f.submit(`{"type":"echo"}`)
	addr := f.serve()
	if resp, _, _ := dial(t, addr, "GET /v1/queues HTTP/1.1\nHost: localhost\n\n", "GET"); resp.Close {
		t.Error("a node that does not stop closes connections")
	}
	f.drain.Start("SIGTERM")
	for _, target := range []string{"/v1/queues", "/readyz", "/nothing", "/v1/tasks/0190-0001"} {
		resp, _, rest := dial(t, addr, "GET "+target+" HTTP/1.1\nHost: localhost\n\n", "GET")
		if _, err := rest.ReadByte(); !resp.Close || !errors.Is(err, io.EOF) {
			t.Errorf("%s: Connection: close %t, then %v", target, resp.Close, err)
		}
	}
}

// panicking is a store that a defect lives in.
type panicking struct {
	lastcall.Store
	with any
}

func (p panicking) Queues(context.Context) ([]lastcall.Queue, error) { panic(p.with) }

func TestAPanicIsAWholeAnswer(t *testing.T) {
	f := setUp(t, func(o *Options) { o.Store = panicking{with: "secret defect"} })
	a := f.ask("GET", "/v1/queues", "")
	a.refused(lastcall.CodeInternal)
	if strings.Contains(a.body, "secret") || !strings.Contains(f.log.String(), "secret defect") {
		t.Errorf("the answer is %s, the log %s", a.body, f.log)
	}
}

func TestAPanicAfterTheAnswerHasBegunCutsTheConnection(t *testing.T) {
	f := setUp(t)
	broken := func(cause any, w http.ResponseWriter) (caught any) {
		defer func() { caught = recover() }()
		a := New(Options{Store: panicking{with: cause}, Drain: f.drain, Waiter: f.waiter, Sockets: f.sockets, Types: table{}})
		a.ServeHTTP(w, request(t, "GET", "/v1/queues", ""))
		return nil
	}
	if caught := broken(http.ErrAbortHandler, httptest.NewRecorder()); caught != any(http.ErrAbortHandler) {
		t.Errorf("an abort ends as %v", caught)
	}
	f.store.nodes = nil
	caught := func() (caught any) {
		defer func() { caught = recover() }()
		f.ServeHTTP(dropped{httptest.NewRecorder()}, request(t, "GET", "/v1/queues", ""))
		return nil
	}()
	if caught != any(http.ErrAbortHandler) {
		t.Errorf("half an answer ends as %v", caught)
	}
}

// dropped is a connection whose writer has a defect.
type dropped struct{ http.ResponseWriter }

func (dropped) Write([]byte) (int, error) { panic("broken writer") }
