package ws_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/ws"
	"github.com/lastcall-dev/lastcall/hub"
	"github.com/lastcall-dev/lastcall/sqlite"
)

// house is a store on disk with a hub and a server of sockets over it, as a server puts them together.
type house struct {
	*node
	store       lastcall.Store
	incarnation string
	close       func()
}

func openHouse(t *testing.T, file string) *house {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	store, err := sqlite.Open(t.Context(), file, sqlite.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	incarnation, err := store.Join(t.Context(), lastcall.NodeInfo{Name: "pod-a", Types: []string{"render"}, Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	h := hub.New(store, hub.Options{Logger: quiet, Poll: time.Hour}) // what arrives, arrives by hints
	n := &node{Server: ws.New(h, ws.Options{Logger: quiet}), t: t, hub: h}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 3)
	go func() { ended <- store.Watch(ctx, h.Moved) }()
	go func() { ended <- h.Run(ctx) }()
	go func() { ended <- n.Run(ctx) }()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Serve(w, r, ws.Identity{Client: r.URL.Query().Get("client")})
	}))
	n.url = "ws" + web.URL[len("http"):]
	return &house{node: n, store: store, incarnation: incarnation, close: func() {
		n.CloseAll(ws.CodeRestart, time.Now().Add(time.Second))
		cancel()
		for range cap(ended) {
			<-ended
		}
		web.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}}
}

// submit and run take a task through its life.
func (h *house) submit() lastcall.Task {
	h.t.Helper()
	s, err := h.store.Submit(h.t.Context(), []lastcall.Submission{{Type: "render", Client: "alice", Input: json.RawMessage(`{}`)}})
	if err != nil {
		h.t.Fatal(err)
	}
	return s[0].Task
}

func (h *house) claim() lastcall.Task {
	h.t.Helper()
	tasks, err := h.store.Claim(h.t.Context(), lastcall.Claim{
		Incarnation: h.incarnation, Node: "pod-a", Want: []lastcall.Want{{Type: "render", Max: 1}}, Max: 1,
	})
	if err != nil || len(tasks) != 1 {
		h.t.Fatal(tasks, err)
	}
	return tasks[0]
}

func (h *house) succeed(task *lastcall.Task) {
	h.t.Helper()
	o := lastcall.Outcome{Task: task.ID, Run: task.Run, Verdict: lastcall.Succeed, Output: json.RawMessage(`"done"`)}
	if _, err := h.store.Settle(h.t.Context(), o); err != nil {
		h.t.Fatal(err)
	}
}

func TestATasksLifeReachesItsClientFromARealStore_G5(t *testing.T) {
	h := openHouse(t, filepath.Join(t.TempDir(), "x.db"))
	defer h.close()
	c, _ := h.hello("alice", `{"t":"hello","caps":["progress"]}`)
	c.expect("live")
	h.submit()
	if f := c.expect("state"); f.Type != "task.queued" {
		t.Errorf("first %+v", f)
	}
	task := h.claim()
	if f := c.expect("state"); f.Type != "task.started" || f.Run != 1 {
		t.Errorf("then %+v", f)
	}
	if err := h.store.Save(t.Context(), lastcall.Note{
		Task: task.ID, Run: task.Run, Progress: &lastcall.Progress{Percent: 42, At: time.Now()},
	}); err != nil {
		t.Fatal(err)
	}
	if f := c.expect("state"); f.Type != "task.progress" {
		t.Errorf("then %+v", f)
	}
	h.succeed(&task)
	if f := c.expect("event"); f.Seq != 1 || f.Type != "task.succeeded" || string(f.Data) != `{"output":"done"}` {
		t.Errorf("in the end %+v with %s", f, f.Data)
	}
}

func TestAClientGoesOnWhereItWasAfterARestart_G5(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.db")
	h := openHouse(t, file)
	c, _ := h.hello("alice", `{"t":"hello"}`)
	work := func(n int) {
		for range n {
			h.submit()
			task := h.claim()
			h.succeed(&task)
		}
	}
	work(3)
	seen := c.skipTo("event")
	c.say(`{"t":"ack","seq":1}`)
	c.readAll()
	h.close()

	h = openHouse(t, file)
	defer h.close()
	work(2)
	resumed, welcome := h.hello("alice", fmt.Sprintf(`{"t":"hello","resume":%q}`, seen.Cursor))
	acked, _ := h.hello("alice", `{"t":"hello"}`)
	if welcome.Head != 5 || welcome.Cursor != seen.Cursor {
		t.Errorf("welcome %+v", welcome)
	}
	for seq := int64(2); seq <= 5; seq++ {
		for _, c := range []*client{resumed, acked} {
			if f := c.expect("event"); f.Seq != seq {
				t.Errorf("event %d, want %d", f.Seq, seq)
			}
		}
	}
}
