package drain

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// site is a drained http.Server on a real port.
type site struct {
	*Drainer
	t       *testing.T
	addr    string
	signals chan os.Signal
	done    chan error // what Run returned
}

// small is a plan whose end a test can wait for, with parts that are long enough
// for a busy machine: hand_back comes after 1.3 s, closing after 2.2 s at the latest.
var small = Plan{
	Grace: 3 * time.Second, Margin: 200 * time.Millisecond,
	HandBack: 1500 * time.Millisecond, StopTimeout: 300 * time.Millisecond,
}

func open(t *testing.T, p Plan, handler http.Handler, o HTTPOptions) *site {
	t.Helper()
	signals := make(chan os.Signal, 1)
	o.Signals, o.Logger = signals, slog.New(slog.DiscardHandler)
	o.Exit = func(code int) { t.Errorf("the watchdog ended the process with %d", code) }
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	d, err := HTTP(srv, p, o)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{Drainer: d, t: t, addr: listener.Addr().String(), signals: signals, done: make(chan error, 1)}
	go func() { _ = srv.Serve(listener) }()
	go func() { s.done <- d.Run(t.Context()) }()
	return s
}

// stop sends SIGTERM and returns once it is heard.
func (s *site) stop() {
	s.signals <- syscall.SIGTERM
	<-s.Begun()
}

// stopped waits for the end and returns the report.
func (s *site) stopped() Report {
	s.t.Helper()
	select {
	case err := <-s.done:
		if err != nil {
			s.t.Errorf("Run: %v", err)
		}
	case <-time.After(10 * time.Second):
		s.t.Fatal("the drain does not end")
	}
	return *s.Status().Report
}

// until polls for a fact that comes about by itself.
func until(t *testing.T, what string, fact func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !fact(); {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		<-time.After(time.Millisecond)
	}
}

// request sends a request on a connection of its own and returns what is needed to read the answer.
func (s *site) request(path string, header ...string) (net.Conn, *bufio.Reader) {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	lines := append([]string{"GET " + path + " HTTP/1.1", "Host: test"}, header...)
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		s.t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// get is a whole request.
func (s *site) get(path string) (*http.Response, string) {
	s.t.Helper()
	_, r := s.request(path)
	return s.answer(r)
}

func (s *site) answer(r *bufio.Reader) (*http.Response, string) {
	s.t.Helper()
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response, string(body)
}

// gate is a handler that answers when it is opened.
type gate struct{ inside, open chan struct{} }

func newGate() gate { return gate{make(chan struct{}, 16), make(chan struct{})} }

func (g gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.inside <- struct{}{}
	select {
	case <-g.open:
		io.WriteString(w, "served")
	case <-r.Context().Done():
		http.Error(w, context.Cause(r.Context()).Error(), http.StatusServiceUnavailable)
	}
}

// hijack takes a connection over as a WebSocket library would, tells the client
// so, and returns it.
func hijack(t *testing.T, w http.ResponseWriter) net.Conn {
	t.Helper()
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Errorf("hijack: %v", err)
		return nil
	}
	io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n")
	return conn
}
