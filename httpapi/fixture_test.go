package httpapi

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/lease"
	"github.com/lastcall-dev/lastcall/tests/exchange"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is the API with everything around it within reach of a test.
type fixture struct {
	http.Handler
	t       *testing.T
	store   *shelf
	drain   *script
	waiter  *bell
	sockets *doors
	streams *river
	log     *logged
}

// setUp makes an API that listens on loopback, runs the types echo and slow, and holds report for workers outside.
func setUp(t *testing.T, change ...func(*Options)) *fixture {
	t.Helper()
	f := &fixture{t: t, store: newShelf(), drain: newScript(), waiter: newBell(), sockets: &doors{}, streams: &river{}, log: &logged{}}
	f.store.changed = f.waiter.ring
	o := Options{
		Store: f.store, Waiter: f.waiter, Sockets: f.sockets, Streams: f.streams, Drain: f.drain, Types: table{
			"echo":   {Name: "echo"},
			"slow":   {Name: "slow", Queue: "slow-queue", MaxAttempts: 2},
			"report": {Name: "report", Pull: true, Queue: "slow-queue"},
		},
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4")
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write([]byte("lastcall_up 1\n"))
		}),
		Node: "pod-a", Version: "v1", Loopback: true, Underway: countedTo(t),
		Logger: slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&o)
	}
	o.Leases = lease.New(f.store, lease.Options{
		Node: o.Node, Types: slices.Collect(maps.Values(o.Types.(table))),
		Draining: f.drain.Told, Closed: f.drain.Refusing, WaitsEnd: f.drain.WaitsEnd,
	})
	f.Handler = exchange.Handler(New(o))
	return f
}

// underway counts what has arrived and has no answer.
type underway struct{ atomic.Int64 }

func (u *underway) Arrived() int { u.Add(1); return 0 }
func (u *underway) Answered(int) { u.Add(-1) }

// countedTo is an Underway that has to be back at none when the test ends, whatever was asked in it: one request that is
// counted twice keeps a close waiting for all of the grace (G8).
func countedTo(t *testing.T) *underway {
	t.Helper()
	u := &underway{}
	t.Cleanup(func() {
		if n := u.Load(); n != 0 {
			t.Errorf("%d requests are still counted as underway", n)
		}
	})
	return u
}

// answer is what a test sees of an answer.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

// ask sends a request. Headers are written as "Name: value"; a body goes out as JSON unless they say otherwise.
func (f *fixture) ask(method, target, body string, headers ...string) *answer {
	f.t.Helper()
	return f.send(request(f.t, method, target, body, headers...))
}

func (f *fixture) send(r *http.Request) *answer {
	f.t.Helper()
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return &answer{f.t, w.Code, w.Header(), w.Body.String()}
}

func request(t *testing.T, method, target, body string, headers ...string) *http.Request {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, target, content)
	r.Host = "localhost:8080"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		switch {
		case name == "Host":
			r.Host = value
		case value == "-": // not this one
			r.Header.Del(name)
		case name == "Content-Type":
			r.Header.Set(name, value)
		default:
			r.Header.Add(name, value)
		}
	}
	return r
}

// submit hands a task in that must be taken.
func (f *fixture) submit(body string, headers ...string) lastcall.Task {
	f.t.Helper()
	return f.ask("POST", "/v1/tasks", body, headers...).wants(http.StatusAccepted).task()
}

func (a *answer) wants(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d; the answer is %s", a.status, status, a.body)
	}
	return a
}

// refused checks that the answer is a problem with the code, and returns the fields that it names.
func (a *answer) refused(code lastcall.Code) []string {
	a.t.Helper()
	var p problem
	a.decode(&p)
	if p.Code != code || a.status != code.HTTPStatus() || p.Status != a.status {
		a.t.Fatalf("answered %d with code %s, want %d %s: %s", a.status, p.Code, code.HTTPStatus(), code, a.body)
	}
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Errorf("the content type of a problem is %q", got)
	}
	if p.Title == "" || !strings.HasSuffix(p.Type, string(code)) {
		a.t.Errorf("the problem has title %q and type %q", p.Title, p.Type)
	}
	if late := a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable; late != (a.header.Get("Retry-After") != "") {
		a.t.Errorf("status %d with Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	fields := []string{}
	for _, e := range p.Errors {
		name := e.Field
		if e.Item != nil { // in a batch
			name += fmt.Sprintf("#%d", *e.Item)
		}
		fields = append(fields, name)
		if e.Message == "" {
			a.t.Errorf("field %s: no message", e.Field)
		}
	}
	return fields
}

func (a *answer) task() lastcall.Task {
	a.t.Helper()
	var t lastcall.Task
	a.decode(&t)
	return t
}

func (a *answer) decode(v any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		a.t.Fatalf("decode %q: %v", a.body, err)
	}
}

// logged keeps what was logged.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func readCloser(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

// codeError is the error whose code the answer carries.
func codeError(a *answer) error {
	var p problem
	a.decode(&p)
	return lastcall.Errorf(p.Code, p.Detail)
}
