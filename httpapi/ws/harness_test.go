package ws_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/ws"
	"github.com/lastcall-dev/lastcall/hub"
	"github.com/lastcall-dev/lastcall/hub/hubtest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if n, err := strconv.Atoi(os.Getenv("IDLE_PEERS")); err == nil { // the other half of BenchmarkIdle
		if err := idlePeers(n, os.Getenv("IDLE_ADDR")); err != nil {
			slog.Error("peers", "error", err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// soon bounds what should happen at once; it is long because machines under test are slow.
const soon = 10 * time.Second

// node is a hub and a server of sockets over a store, behind a real listener. ?client= names the client.
type node struct {
	*ws.Server
	t     testing.TB
	store *hubtest.Store
	hub   *hub.Hub
	url   string
}

func start(t testing.TB, o ws.Options) *node {
	t.Helper()
	store := hubtest.New()
	quiet := slog.New(slog.DiscardHandler)
	h := hub.New(store, hub.Options{Logger: quiet})
	o.Logger = quiet
	if o.HelloWait == 0 {
		o.HelloWait = time.Hour // most tests say hello
	}
	o.Node = "pod-a"
	n := &node{Server: ws.New(h, o), t: t, store: store, hub: h}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	wg.Go(func() { _ = h.Run(ctx) })
	wg.Go(func() { _ = n.Run(ctx) })
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := ws.Identity{Client: r.URL.Query().Get("client"), Service: r.URL.Query().Has("service")}
		n.Serve(w, r, who)
	}))
	n.url = "ws" + strings.TrimPrefix(web.URL, "http")
	t.Cleanup(func() {
		n.CloseAll(ws.CodeHardStop, time.Now().Add(time.Second))
		cancel()
		wg.Wait()
		web.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return n
}

// write puts events into a mailbox, and hints at them.
func (n *node) write(client string, events ...lastcall.Event) {
	n.store.Write(client, events...)
	n.hub.Moved([]lastcall.Hint{{Client: client}})
}

// state hints at a state.
func (n *node) state(client string, st lastcall.State) {
	n.hub.Moved([]lastcall.Hint{{Client: client, Task: st.Task, State: &st}})
}

// frame is any frame of the server.
type frame struct {
	T          string          `json:"t"`
	Seq        int64           `json:"seq"`
	Type       string          `json:"type"`
	Task       string          `json:"task"`
	Run        int64           `json:"run"`
	Cursor     string          `json:"cursor"`
	Head       int64           `json:"head"`
	Client     string          `json:"client"`
	Node       string          `json:"node"`
	Conn       string          `json:"conn"`
	PingMS     int64           `json:"ping_ms"`
	Why        string          `json:"why"`
	From       int64           `json:"from"`
	To         int64           `json:"to"`
	N          int64           `json:"n"`
	Code       string          `json:"code"`
	Message    string          `json:"message"`
	Mode       string          `json:"mode"`
	Pending    []string        `json:"pending"`
	AfterMS    *int64          `json:"after_ms"`
	DeadlineMS int64           `json:"deadline_ms"`
	Data       json.RawMessage `json:"data"`
}

// client is one that is not ours: coder/websocket.
type client struct {
	t    testing.TB
	conn *websocket.Conn
}

func (n *node) dial(name string, o *websocket.DialOptions) *client {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), soon)
	defer cancel()
	if o == nil {
		o = &websocket.DialOptions{Subprotocols: []string{ws.Subprotocol}}
	}
	c, _, err := websocket.Dial(ctx, n.url+"/?"+name, o)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = c.CloseNow() })
	c.SetReadLimit(8 << 20)
	return &client{n.t, c}
}

// hello dials, says hello and reads the welcome.
func (n *node) hello(name, hello string) (*client, frame) {
	n.t.Helper()
	c := n.dial("client="+name, nil)
	c.say(hello)
	welcome := c.expect("welcome")
	return c, welcome
}

func (c *client) say(text string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), soon)
	defer cancel()
	if err := c.conn.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) read() (frame, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), soon)
	defer cancel()
	_, b, err := c.conn.Read(ctx)
	if err != nil {
		return frame{}, err
	}
	var f frame
	if err := json.Unmarshal(b, &f); err != nil {
		c.t.Fatalf("frame %s: %v", b, err)
	}
	return f, nil
}

// expect reads the next frame, which must be of the given type.
func (c *client) expect(t string) frame {
	c.t.Helper()
	f, err := c.read()
	if err != nil {
		c.t.Fatalf("waiting for %s: %v", t, err)
	}
	if f.T != t {
		c.t.Fatalf("got %+v, want a %s", f, t)
	}
	return f
}

// expectClose reads until the connection ends, which must be with the given code, and returns the frames before it.
func (c *client) expectClose(code int) []frame {
	c.t.Helper()
	var before []frame
	for {
		f, err := c.read()
		if err == nil {
			before = append(before, f)
			continue
		}
		if got := websocket.CloseStatus(err); int(got) != code {
			c.t.Fatalf("closed with %v (%v), want %d", got, err, code)
		}
		return before
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

func succeeded(task string, run int64) lastcall.Event {
	return lastcall.Event{Type: lastcall.TaskSucceeded, Task: task, Run: run, Attempt: 1, Data: json.RawMessage(`{"output":1}`)}
}

// skipTo reads to the next frame of the given type.
func (c *client) skipTo(t string) frame {
	c.t.Helper()
	for {
		f, err := c.read()
		if err != nil {
			c.t.Fatalf("waiting for %s: %v", t, err)
		}
		if f.T == t {
			return f
		}
	}
}
