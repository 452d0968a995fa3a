package sse_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/sse"
	"github.com/lastcall-dev/lastcall/hub"
	"github.com/lastcall-dev/lastcall/hub/hubtest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soon bounds what should happen at once; it is long because machines under test are slow.
const soon = 10 * time.Second

// node is a hub and a server of streams over a store, behind a real listener: /events?client=&after= and /task?id=.
type node struct {
	*sse.Server
	t     testing.TB
	store *hubtest.Store
	hub   *hub.Hub
	web   *httptest.Server
}

// start makes a node; each configure may change its HTTP server before it listens.
func start(t testing.TB, o sse.Options, configure ...func(*httptest.Server)) *node {
	t.Helper()
	store := hubtest.New()
	quiet := slog.New(slog.DiscardHandler)
	h := hub.New(store, hub.Options{Logger: quiet, Poll: time.Hour}) // a hint that is lost here is lost
	o.Logger, o.Node = quiet, "pod-a"
	if o.Store == nil {
		o.Store = store
	}
	n := &node{Server: sse.New(h, o), t: t, store: store, hub: h}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	wg.Go(func() { _ = h.Run(ctx) })
	n.web = httptest.NewUnstartedServer(http.HandlerFunc(n.serve))
	for _, c := range configure {
		c(n.web)
	}
	if n.web.EnableHTTP2 {
		n.web.StartTLS()
	} else {
		n.web.Start()
	}
	t.Cleanup(func() {
		n.CloseAll(time.Now().Add(time.Second))
		cancel()
		wg.Wait()
		n.web.Close()
	})
	return n
}

func (n *node) serve(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if r.URL.Path == "/task" {
		n.ServeTask(w, r, q.Get("id"))
		return
	}
	var after *lastcall.Cursor
	if at, err := lastcall.ParseCursor(q.Get("after")); err == nil {
		after = &at
	}
	n.ServeEvents(w, r, q.Get("client"), after)
}

// write puts events into a mailbox, and hints at them.
func (n *node) write(client string, events ...lastcall.Event) {
	n.store.Write(client, events...)
	n.hub.Moved([]lastcall.Hint{{Client: client}})
}

// put changes a task, and hints at it.
func (n *node) put(t lastcall.Task) {
	n.store.Put(t)
	n.hub.Moved([]lastcall.Hint{{Task: t.ID}})
}

// message is what a reader makes of an event: an id or a retry that stands in it, its type, and its data.
type message struct {
	id, name string
	retry    time.Duration // 0: none is set
	data     frame
	comments int // lines before it that say nothing
}

// frame is any frame that a stream carries.
type frame struct {
	T          string          `json:"t"`
	Seq        int64           `json:"seq"`
	Type       string          `json:"type"`
	Task       string          `json:"task"`
	Status     string          `json:"status"`
	Cursor     string          `json:"cursor"`
	Head       int64           `json:"head"`
	Client     string          `json:"client"`
	Node       string          `json:"node"`
	PingMS     int64           `json:"ping_ms"`
	Why        string          `json:"why"`
	From       int64           `json:"from"`
	To         int64           `json:"to"`
	Mode       string          `json:"mode"`
	AfterMS    *int64          `json:"after_ms"`
	DeadlineMS int64           `json:"deadline_ms"`
	Pending    []string        `json:"pending"`
	Data       json.RawMessage `json:"data"`
}

// reader reads a stream, as the standard says that it is to be read.
type reader struct {
	t     testing.TB
	resp  *http.Response
	lines *bufio.Reader
}

// open asks for a stream; the header is that of Last-Event-ID, "" for none.
func (n *node) open(path, lastID string) *reader {
	n.t.Helper()
	ctx, cancel := context.WithCancel(n.t.Context())
	n.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.web.URL+path, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := n.web.Client().Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = resp.Body.Close() })
	return &reader{n.t, resp, bufio.NewReader(resp.Body)}
}

// read reads the next event; its error is that of the stream, io.EOF at a clean end.
func (r *reader) read() (message, error) {
	var m message
	for {
		line, err := r.lines.ReadString('\n')
		if err != nil {
			return m, err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			m.id = value
		case "event":
			m.name = value
		case "retry":
			ms, _ := strconv.Atoi(value)
			m.retry = time.Duration(ms) * time.Millisecond
		case "data":
			if err := json.Unmarshal([]byte(value), &m.data); err != nil {
				r.t.Errorf("data %s: %v", value, err)
			}
		case "":
			if line != "\n" {
				m.comments++
			} else if m.name != "" {
				return m, nil
			}
		}
	}
}

// expect reads the next event, which must be of the given type.
func (r *reader) expect(name string) message {
	r.t.Helper()
	m, err := r.read()
	if err != nil || m.name != name {
		r.t.Fatalf("got %+v, %v, want a %s", m, err, name)
	}
	return m
}

// live reads to where the replay ends, and returns the welcome.
func (r *reader) live() message {
	r.t.Helper()
	welcome := r.expect("welcome")
	r.expect("live")
	return welcome
}

// ends expects a clean end.
func (r *reader) ends() {
	r.t.Helper()
	if m, err := r.read(); !errors.Is(err, io.EOF) {
		r.t.Errorf("%+v, %v, want the end", m, err)
	}
}

// until waits for a condition that something else brings about.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(soon)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, soon)
		}
		<-time.After(time.Millisecond) // between two looks
	}
}

func succeeded(task string) lastcall.Event {
	return lastcall.Event{Type: lastcall.TaskSucceeded, Task: task, Run: 1, Attempt: 1, Data: json.RawMessage(`{"output":1}`)}
}

// running is a node's tasks, for Options.Pending and Options.Here.
type running struct {
	mu    sync.Mutex
	tasks []string
}

func (r *running) set(tasks ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks = tasks
}

func (r *running) of(string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.tasks)
}

func (r *running) here(t *lastcall.Task) bool { return slices.Contains(r.of(""), t.ID) }
