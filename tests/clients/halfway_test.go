package clients_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// A client that ends its half of the connection behind its request has sent all of it, and gets its answer: "nc -N" and
// some proxies do so. A wait is cut short, and shows the task as it stands: whether somebody still listens cannot be told.
func TestAClientThatEndsItsHalfIsAnswered(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	slow := n.Sleep("alice", 30*time.Second).ID
	for _, c := range []struct{ what, send, answer string }{
		{"a read", to("GET /v1/queues"), "200"},
		{"a submit", submits(task, "Content-Length: 15"), "202"},
		{"a submit that waits", submits(`{"type":"sleep","input":{"ms":30000}}`, "Content-Length: 37", "Prefer: wait=30"), "202"},
		{"a wait", to("GET /v1/tasks/" + slow + "?wait=30s"), "200"},
		{"half a body", submits(task, "Content-Length: 16"), "400 invalid_request"},
		{"a long-poll", to("GET /v1/events?client=trent&wait=60s", "Accept: application/json"), "200"},
		{"half a head", "GET /livez HTTP/1.1\nHost: localhost\n", "400"}, // net/http's
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			for range 20 { // the end may be seen before the request is, and in the middle of it
				s := connect(t, n)
				if err := s.say("%s", wire(c.send)); err != nil {
					t.Fatal(err)
				}
				_ = s.CloseWrite()
				_ = s.SetReadDeadline(time.Now().Add(lab.Patience))
				if answer, _ := s.answer(); answer != c.answer {
					t.Fatalf("it was answered %q, want %q", answer, c.answer)
				}
				if rest, err := io.ReadAll(s.in); len(rest) > 0 || err != nil {
					t.Fatalf("then came %q, %v", rest, err)
				}
			}
		})
	}
}

// Clients that go away in the middle, with a reset or with the end of their half alone, leave nothing behind: not a wait,
// not a stream, not a socket.
func TestClientsThatGoAwayInTheMiddleLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	slow := n.Sleep("alice", time.Hour).ID
	n.AwaitStatus(slow, lastcall.Running)
	before := metric(t, n, "go_goroutines")
	handshake := handshake{}
	for what, send := range map[string]string{
		"a wait":       wire(to("GET /v1/tasks/" + slow + "?wait=60s")),
		"a long-poll":  wire(to("GET /v1/events?client=trent&wait=60s", "Accept: application/json")),
		"a stream":     wire(to("GET /v1/events?client=trent", "Accept: text/event-stream")),
		"a task's":     wire(to("GET /v1/tasks/"+slow+"/events", "Accept: text/event-stream")),
		"a socket":     handshake.lines(),
		"half a body":  wire(submits(task, "Content-Length: 1000")),
		"half a chunk": wire(submits("1000\n"+task, "Transfer-Encoding: chunked")),
	} {
		for _, resets := range []bool{true, false} {
			for range 5 {
				s := connect(t, n)
				if err := s.say("%s", send); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				if resets {
					s.vanish()
				} else {
					_ = s.CloseWrite()
				}
			}
		}
	}
	lab.Until(t, "no client is connected", func() bool {
		return metric(t, n, `lastcall_connections{transport="websocket"}`)+metric(t, n, `lastcall_connections{transport="sse"}`) == 0
	})
	calm(t, n, before)
}

// G8, G10: clients that drip their heads and bodies, hundreds of them, are cut when their time is up, and keep nobody from
// being served meanwhile.
func TestSlowLorisesAreCutAndHoldUpNobody(t *testing.T) {
	t.Parallel()
	const lorises = 300
	n := lab.Start(t, lab.Data(t))
	before := metric(t, n, "go_goroutines")
	ended := make(chan error, lorises)
	for i := range lorises {
		c := connect(t, n)
		go func() { ended <- c.drip(i) }() // ends when it is cut
	}
	lab.Until(t, "they are all there", func() bool { return metric(t, n, "go_goroutines") >= before+lorises })
	for served, left := 0, lorises; left > 0; served++ {
		select {
		case err := <-ended:
			if left--; err != nil {
				t.Error(err)
			}
			if served == 0 {
				t.Error("nobody was served before the first was cut")
			}
		default:
			n.Submit(`{"type":"echo"}`, "Prefer: wait=30")
		}
	}
	calm(t, n, before)
}

// drip sends a head, a byte now and then, until the server ends the connection, without a word or with a 408.
func (c *raw) drip(i int) error {
	if err := c.say("GET /v1/queues?client=loris-%d HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", i); err != nil {
		return err
	}
	cut := make(chan error, 1)
	go func() { // ends with the connection
		_, err := io.Copy(io.Discard, c.in)
		cut <- err
	}()
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(lab.Patience)
	defer deadline.Stop()
	for {
		select {
		case <-cut:
			return nil
		case <-tick.C:
			_ = c.say("x") // what cannot be said any more is found out by the read
		case <-deadline.C:
			return fmt.Errorf("loris %d still drips after %v, want it cut (%d)", i, lab.Patience, http.StatusRequestTimeout)
		}
	}
}
