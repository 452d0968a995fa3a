package server_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/server"
)

// What docs/metrics.md says is counted is counted, where it happens.
func TestWhatHappensIsMetered(t *testing.T) {
	srv, err := server.New(options(t))
	if err != nil {
		t.Fatal(err)
	}
	lastcall.Handle(srv, "echo", echo)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	defer http.DefaultClient.CloseIdleConnections()
	url := "http://" + srv.Addr().String()
	send := func(method, path, body string, headers ...string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			req.Header.Set(name, value)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	stream := bufio.NewScanner(send(http.MethodGet, "/v1/events?client=alice", "", "Accept: text/event-stream").Body)
	hear := func(kind string) {
		t.Helper()
		for stream.Scan() {
			if stream.Text() == "event: "+kind {
				return
			}
		}
		t.Fatalf("the stream ended before %s: %v", kind, stream.Err())
	}
	hear("live")
	const submit = `{"type":"echo","input":"x","client":"alice"}`
	send(http.MethodPost, "/v1/tasks", submit, "Prefer: wait=10", "Idempotency-Key: k", "Lastcall-Client: alice")
	send(http.MethodPost, "/v1/tasks", submit, "Idempotency-Key: k", "Lastcall-Client: alice") // a repeat is none
	send(http.MethodPost, "/v1/tasks", `{"type":"unheard of"}`)
	hear("task.succeeded")
	b, err := io.ReadAll(send(http.MethodGet, "/metrics", "").Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`lastcall_submits_total{type="echo"} 1`,
		`lastcall_settled_total{outcome="succeeded",type="echo"} 1`,
		`lastcall_run_seconds_count{type="echo"} 1`,
		`lastcall_refused_total{reason="unknown_type"} 1`,
		`lastcall_notify_seconds_count{transport="sse"} 1`,
		`lastcall_connections{transport="sse"} 1`,
		`lastcall_drain_phase{phase="ready"} 1`,
		`lastcall_queue_tasks{queue="default",status="queued"} 0`,
	} {
		if !strings.Contains(string(b), line+"\n") {
			t.Errorf("there is no line %s", line)
		}
	}
	if strings.Contains(string(b), "lastcall_commit_seconds_count 0\n") {
		t.Error("no commit was counted")
	}
}
