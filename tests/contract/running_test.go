package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi"
	"github.com/lastcall-dev/lastcall/server"
)

// A node is a whole server, and a client that holds all that it hears against the contracts.
type node struct {
	t      *testing.T
	addr   string
	http   http.Client
	frames *Frames
	heard  map[string]int
	ended  chan error
}

func run(t *testing.T) *node {
	t.Helper()
	frames, err := NewFrames(httpapi.AsyncAPI())
	if err != nil {
		t.Fatal(err)
	}
	srv, err := server.New(server.Options{
		Listen: "127.0.0.1:0", Store: "sqlite:" + filepath.Join(t.TempDir(), "lastcall.db"), Node: "pod-a",
		Logger: slog.New(slog.DiscardHandler), Signals: make(chan os.Signal),
	})
	if err != nil {
		t.Fatal(err)
	}
	lastcall.Handle(srv, "steps", func(ctx context.Context, in string) (string, error) {
		lastcall.RunFrom(ctx).Progress(50, "half of it")
		if in == "fail" {
			return "", lastcall.Permanent(&lastcall.TaskError{Code: "broken", Message: "it is", Detail: json.RawMessage(`{"a":1}`)})
		}
		return in, nil
	})
	srv.Register(lastcall.TaskType{Name: "outside", Pull: true})
	ctx, cancel := context.WithCancel(t.Context())
	n := &node{t: t, addr: srv.Addr().String(), frames: frames, heard: map[string]int{}, ended: make(chan error, 1)}
	go func() { n.ended <- srv.Run(ctx) }() // ends with the drain, which the test starts, or its end does
	t.Cleanup(cancel)
	n.http.Transport = load(t).Transport(http.DefaultTransport, func(err error) { t.Error(err) })
	t.Cleanup(n.http.CloseIdleConnections)
	return n
}

func (n *node) ask(method, target, body string, headers ...string) (status int, answer map[string]any) {
	n.t.Helper()
	r, err := http.NewRequestWithContext(n.t.Context(), method, "http://"+n.addr+target, strings.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	resp, err := n.http.Do(r)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil && strings.Contains(resp.Header.Get("Content-Type"), "json") {
		n.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// again asks everything that can be asked of a canceled task and its queue, and hands in more of the kind.
func (n *node) again(id string) {
	n.t.Helper()
	self := "/v1/tasks/" + id
	item := `{"type":"steps","input":"a","client":"alice","idempotency_key":"b"}`
	for _, c := range []struct {
		method, target, body string
		want                 int
	}{
		{"GET", self + "/events", "", 200},
		{"GET", "/v1/events?client=alice&wait=1s&after=another:7", "", 200}, // with a gap
		{"GET", "/v1/events?client=nobody&wait=10ms", "", 200},
		{"GET", self + "/log", "", 200},
		{"POST", self + "/retry", "{}", 202},
		{"DELETE", self, "", 204},
		{"DELETE", self, "", 404},
		{"GET", self + "/events", "", 404},
		{"POST", self + "/retry", "", 404},
		{"POST", "/v1/tasks:batch", `{"tasks":[` + item + `,` + item + `,{"type":"steps","delay":"1h"}]}`, 202},
		{"POST", "/v1/tasks:batch", `{"tasks":[{"type":"steps"},` + strings.Replace(item, `"a"`, `"c"`, 1) + `]}`, 422},
		{"POST", "/v1/tasks:batch", `{"tasks":[{"type":"steps"},{"type":"nobody"}]}`, 422},
		{"POST", "/v1/tasks:batch", `{"tasks":[{"type":"steps"},{"kind":"steps"}]}`, 400},
		{"POST", "/v1/queues/quiet/pause", "", 200},
		{"GET", "/v1/queues", "", 200},
		{"POST", "/v1/queues/quiet/resume", "{}", 200},
	} {
		status, answer := n.ask(c.method, c.target, c.body)
		if status != c.want {
			n.t.Errorf("%s %s %s is answered with %d %v, want %d", c.method, c.target, c.body, status, answer, c.want)
		}
	}
}

// lend has a worker outside do a task.
func (n *node) lend() {
	n.t.Helper()
	n.ask("POST", "/v1/tasks", `{"type":"outside","input":{"a":1}}`)
	_, answer := n.ask("POST", "/v1/leases", `{"wait":"10s","ttl":"5s"}`)
	leases, _ := answer["leases"].([]any)
	if len(leases) != 1 {
		n.t.Fatalf("leased %v", answer)
	}
	lease, _ := leases[0].(map[string]any)
	say := func(verb, rest string) int {
		status, _ := n.ask("POST", fmt.Sprintf("/v1/leases/%s/%s", lease["id"], verb), fmt.Sprintf(`{"token":%q%s}`, lease["token"], rest))
		return status
	}
	for _, c := range []struct {
		verb, rest string
		want       int
	}{
		{"renew", `,"progress":{"percent":50,"message":"half"},"checkpoint":{"page":1}`, 200},
		{"complete", `,"output":{"b":2}`, 200},
		{"complete", `,"output":{"b":2}`, 200},
		{"fail", `,"error":{"code":"x"}`, 409},
		{"release", ``, 409},
		{"renew", ``, 409},
	} {
		if got := say(c.verb, c.rest); got != c.want {
			n.t.Errorf("%s is answered with %d, want %d", c.verb, got, c.want)
		}
	}
}

// dial opens a socket for a client.
func (n *node) dial(client string) *websocket.Conn {
	n.t.Helper()
	ws, _, err := websocket.Dial(n.t.Context(), "ws://"+n.addr+"/v1/ws?client="+client, &websocket.DialOptions{
		HTTPClient: &n.http, Subprotocols: []string{"lastcall.v1"},
	})
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { ws.CloseNow() })
	return ws
}

// say sends a frame that the contract has.
func (n *node) say(ws *websocket.Conn, frame string) {
	n.t.Helper()
	if _, err := n.frames.Taken([]byte(frame)); err != nil {
		n.t.Error(err)
	}
	if err := ws.Write(n.t.Context(), websocket.MessageText, []byte(frame)); err != nil {
		n.t.Fatal(err)
	}
}

// hear reads frames until one contains all of the words, and returns it.
func (n *node) hear(ws *websocket.Conn, words ...string) string {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), 10*time.Second)
	defer cancel()
	for {
		_, frame, err := ws.Read(ctx)
		if err != nil {
			n.t.Fatalf("while waiting for %q: %v", words, err)
		}
		t, err := n.frames.Sent(frame)
		if err != nil {
			n.t.Error(err)
		}
		n.heard[t]++
		if containsAll(string(frame), words) {
			return string(frame)
		}
	}
}

func containsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

func TestARunningServerKeepsBothContracts(t *testing.T) {
	n := run(t)
	ws := n.dial("alice")
	n.say(ws, `{"t":"hello","caps":["progress"]}`)
	n.hear(ws, `"t":"live"`)

	status, task := n.ask("POST", "/v1/tasks", `{"type":"steps","input":"a","client":"alice","labels":{"k":"v"}}`, "Prefer: wait=10")
	if status != http.StatusOK || task["output"] != "a" {
		t.Errorf("%d %v", status, task)
	}
	event := n.hear(ws, `"t":"event"`, `task.succeeded`)
	var cursor struct {
		Seq    int64
		Cursor string
	}
	if err := json.Unmarshal([]byte(event), &cursor); err != nil {
		t.Fatal(err)
	}
	n.say(ws, fmt.Sprintf(`{"t":"ack","seq":%d}`, cursor.Seq))
	n.say(ws, fmt.Sprintf(`{"t":"watch","tasks":[%q,"nothing"]}`, task["id"]))
	n.hear(ws, `"t":"error"`, "not_found")
	n.ask("POST", "/v1/tasks", `{"type":"steps","input":"fail","client":"alice"}`, "Idempotency-Key: k", "Prefer: wait=10")
	n.ask("POST", "/v1/tasks", `{"type":"steps","input":"other","client":"alice"}`, "Idempotency-Key: k")
	n.hear(ws, `"t":"event"`, `task.failed`)
	_, later := n.ask("POST", "/v1/tasks", `{"type":"steps","input":"a","client":"alice","delay":"1h"}`)
	id, _ := later["id"].(string)
	for _, target := range []string{
		"/v1/tasks/" + id + "?wait=10ms", "/v1/tasks?limit=1&label.k=v", "/v1/tasks?status=failed,succeeded", "/v1/queues", "/v1/nodes",
		"/v1/drain", "/readyz", "/health", "/livez", "/", "/openapi.yaml", "/asyncapi.yaml", "/v1/tasks/none", "/v1/tasks?cursor=none",
	} {
		n.ask("GET", target, "")
	}
	if done, ok := task["id"].(string); ok {
		n.follow("/v1/tasks/" + done + "/events")
	}
	n.ask("POST", "/v1/tasks/"+id+"/cancel", "")
	n.hear(ws, `"t":"event"`, `task.canceled`)
	n.again(id)
	n.lend()

	other := n.dial("alice")
	n.say(other, `{"t":"hello","resume":"another:7"}`)
	n.hear(other, `"t":"gap"`, `epoch`)
	n.say(other, `{"t":"bye"}`)
	bad := n.dial("bob")
	if err := bad.Write(t.Context(), websocket.MessageText, []byte("nonsense")); err != nil {
		t.Fatal(err)
	}
	n.hear(bad, `bad_frame`)

	if status, _ := n.ask("POST", "/v1/drain", ""); status != http.StatusAccepted {
		t.Errorf("the drain is answered with %d", status)
	}
	n.hear(ws, `"t":"drain"`, `finish`)
	if err := <-n.ended; err != nil {
		t.Error(err)
	}
	for _, kind := range n.frames.Kinds() {
		if n.heard[kind] == 0 && kind != "ping" { // which takes 25 s to come
			t.Errorf("no frame %s was heard", kind)
		}
	}
}

func TestFramesThatBreakTheContractAreFound(t *testing.T) {
	f, err := NewFrames(httpapi.AsyncAPI())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Sent([]byte(`{"t":"live","cursor":"e:1"}`)); err != nil {
		t.Error(err)
	}
	for _, frame := range []string{
		`[]`, `{}`, `{"t":"secret"}`, `{"t":"hello"}`, `{"t":"live"}`, `{"t":"live","cursor":1}`, `{"t":"live","cursor":"e:1","colour":"red"}`,
		`{"t":"gap","why":"bored","cursor":"e:1"}`, `{"t":"ping","n":"1"}`,
	} {
		if _, err := f.Sent([]byte(frame)); err == nil {
			t.Errorf("%s is not found", frame)
		}
	}
	broken := bytes.Replace(httpapi.AsyncAPI(), []byte("t: ping, n: 9"), []byte("t: ping, n: nine"), 1)
	if _, err := NewFrames(broken); err == nil {
		t.Error("an example may break the contract")
	}
}
