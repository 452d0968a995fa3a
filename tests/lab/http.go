package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/exchange"
)

// Answer is what came back for a request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Closes bool // it said Connection: close
}

// Decode decodes the body, and fails the test if it is not what it should be.
func (a Answer) Decode(n *Node, out any) {
	n.t.Helper()
	if err := json.Unmarshal(a.Body, out); err != nil {
		n.t.Fatalf("answer %d %q: %v", a.Status, a.Body, err)
	}
}

// Code is the code of a problem, "" for anything else.
func (a Answer) Code() lastcall.Code {
	var p struct {
		Code lastcall.Code `json:"code"`
	}
	if a.Header.Get("Content-Type") == "application/problem+json" {
		_ = json.Unmarshal(a.Body, &p)
	}
	return p.Code
}

// Try sends a request and returns what came of it; an error means that no answer came. Headers are "Name: value".
func (n *Node) Try(ctx context.Context, method, path, body string, headers ...string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+n.Addr+path, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	// Noted, where notes are taken, to be held against openapi.yaml.
	transport := n.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	client := http.Client{Transport: exchange.Transport(transport)}
	resp, err := client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return Answer{resp.StatusCode, resp.Header, b, resp.Close}, err
}

// Do is Try, but fails the test when there is no answer.
func (n *Node) Do(method, path, body string, headers ...string) Answer {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	a, err := n.Try(ctx, method, path, body, headers...)
	if err != nil {
		n.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// Submit submits a task and fails the test if it is not accepted.
func (n *Node) Submit(body string, headers ...string) lastcall.Task {
	n.t.Helper()
	a := n.Do(http.MethodPost, "/v1/tasks", body, headers...)
	if a.Status != http.StatusAccepted && a.Status != http.StatusOK {
		n.t.Fatalf("submit %s: %d %s", body, a.Status, a.Body)
	}
	var t lastcall.Task
	a.Decode(n, &t)
	return t
}

// Sleep submits a task of the built-in type sleep for a client.
func (n *Node) Sleep(client string, d time.Duration, extra ...string) lastcall.Task {
	n.t.Helper()
	more := ""
	if len(extra) > 0 {
		more = "," + strings.Join(extra, ",")
	}
	return n.Submit(fmt.Sprintf(`{"type":"sleep","client":%q,"input":{"ms":%d,"steps":10}%s}`, client, d.Milliseconds(), more))
}

// Task reads a task.
func (n *Node) Task(id string) lastcall.Task {
	n.t.Helper()
	a := n.Do(http.MethodGet, "/v1/tasks/"+id, "")
	if a.Status != http.StatusOK {
		n.t.Fatalf("read task %s: %d %s", id, a.Status, a.Body)
	}
	var t lastcall.Task
	a.Decode(n, &t)
	return t
}

// AwaitTask reads a task until it is as wanted.
func (n *Node) AwaitTask(id, what string, want func(lastcall.Task) bool) lastcall.Task {
	n.t.Helper()
	var last lastcall.Task
	Until(n.t, fmt.Sprintf("task %s %s", id, what), func() bool {
		last = n.Task(id)
		return want(last)
	})
	return last
}

// AwaitStatus reads a task until it has the status.
func (n *Node) AwaitStatus(id string, s lastcall.Status) lastcall.Task {
	n.t.Helper()
	return n.AwaitTask(id, "is "+string(s), func(t lastcall.Task) bool { return t.Status == s })
}
