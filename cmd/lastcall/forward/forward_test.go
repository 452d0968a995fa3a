package forward_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall/cmd/lastcall/forward"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a backend that says its name and whether it is ready.
type server struct {
	*httptest.Server
	unready atomic.Bool
}

func serve(t *testing.T, name string) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/readyz" && s.unready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, name)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) addr() string { return s.Listener.Addr().String() }

// start runs a forwarder before the servers and returns its address.
func start(t *testing.T, backends ...*server) (*forward.Forwarder, string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := forward.New(5 * time.Millisecond)
	for _, b := range backends {
		f.Add(b.addr())
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return f, ln.Addr().String()
}

// until waits for the backends that are ready to be these.
func until(t *testing.T, f *forward.Forwarder, want ...string) {
	t.Helper()
	slices.Sort(want)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); ; {
		got := f.Ready()
		slices.Sort(got)
		if slices.Equal(got, want) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("ready are %v, want %v", got, want)
		}
	}
}

// ask opens a connection of its own and returns who answers.
func ask(t *testing.T, addr string) string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNewConnectionsFollowReadiness(t *testing.T) {
	old, next := serve(t, "old"), serve(t, "new")
	next.unready.Store(true)
	f, addr := start(t, old, next)
	until(t, f, old.addr())
	for range 5 {
		if got := ask(t, addr); got != "old" {
			t.Fatalf("%s answers, and only the old one is ready", got)
		}
	}
	next.unready.Store(false)
	until(t, f, old.addr(), next.addr())
	both := map[string]bool{}
	for range 4 {
		both[ask(t, addr)] = true
	}
	if len(both) != 2 {
		t.Errorf("of two that are ready only %v is asked", both)
	}
	old.unready.Store(true)
	until(t, f, next.addr())
	if got := ask(t, addr); got != "new" {
		t.Errorf("%s answers, and only the new one is ready", got)
	}
}

func TestABackendThatIsGoneCostsNoRequest(t *testing.T) {
	gone, here := serve(t, "gone"), serve(t, "here")
	f, addr := start(t, gone, here)
	until(t, f, gone.addr(), here.addr())
	gone.Close() // between two probes
	for range 4 {
		if got := ask(t, addr); got != "here" {
			t.Fatalf("%s answers", got)
		}
	}
}

func TestWhereNoneIsReadyTheirRefusalIsTheAnswer(t *testing.T) {
	s := serve(t, "stopping")
	s.unready.Store(true)
	f, addr := start(t, s)
	until(t, f)
	if got := ask(t, addr); got != "stopping" {
		t.Errorf("%s answers", got)
	}
	f.Remove(s.addr())
	if resp, err := http.Get("http://" + addr + "/"); err == nil {
		resp.Body.Close()
		t.Error("someone answers where there is nobody")
	}
}
