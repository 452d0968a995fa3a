package sse_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/sse"
)

func TestAStreamBeginsWithAWelcomeAndGoesOnWhereTheClientWas_G5(t *testing.T) {
	n := start(t, sse.Options{})
	n.store.Write("alice", succeeded("a"), succeeded("b"))
	r := n.open("/events?client=alice", "")
	h := r.resp.Header
	if h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-store" ||
		h.Get("X-Accel-Buffering") != "no" || !r.resp.Close {
		t.Errorf("header %v", h)
	}
	w := r.expect("welcome")
	if w.id != w.data.Cursor || w.data.Head != 2 || w.data.Client != "alice" || w.data.Node != "pod-a" ||
		w.retry < time.Second || w.retry > 3*time.Second {
		t.Errorf("welcome %+v", w)
	}
	first := r.expect("task.succeeded")
	if first.id != first.data.Cursor || first.data.T != "event" || first.data.Seq != 1 || first.data.Task != "a" {
		t.Errorf("event %+v", first)
	}
	r.expect("task.succeeded")
	if l := r.expect("live"); l.id != "" {
		t.Errorf("live %+v: it is no place in the mailbox", l)
	}
	n.write("alice", succeeded("c"))
	if m := r.expect("task.succeeded"); m.data.Seq != 3 {
		t.Errorf("event %+v", m)
	}
	again := n.open("/events?client=alice&after="+first.id, "")
	if w := again.expect("welcome"); w.id != first.id {
		t.Errorf("welcome %+v", w)
	}
	for seq := int64(2); seq <= 3; seq++ {
		if m := again.expect("task.succeeded"); m.data.Seq != seq {
			t.Errorf("event %+v, want %d", m, seq)
		}
	}
}

func TestWhatHasExpiredIsAnnouncedInAStream_G5(t *testing.T) {
	n := start(t, sse.Options{})
	n.store.Write("alice", succeeded("a"), succeeded("b"), succeeded("c"))
	epoch := n.store.Mailbox("alice").Epoch
	n.store.Expire("alice", 2)
	r := n.open("/events?client=alice&after="+epoch+":1", "")
	r.expect("welcome")
	if g := r.expect("gap"); g.id != epoch+":2" || g.data.Why != "expired" || g.data.From != 2 || g.data.To != 2 {
		t.Errorf("gap %+v", g)
	}
	r.expect("task.succeeded")
}

func TestJSONThatCameInSeveralLinesLeavesInOne_G10(t *testing.T) {
	n := start(t, sse.Options{})
	ev := succeeded("a")
	ev.Data = json.RawMessage("{\"output\":\r\n {\n\"a\": \"x\\ny\"}\r}")
	n.store.Write("alice", ev)
	r := n.open("/events?client=alice", "")
	r.expect("welcome")
	var data struct{ Output struct{ A string } }
	m := r.expect("task.succeeded")
	if err := json.Unmarshal(m.data.Data, &data); err != nil || data.Output.A != "x\ny" {
		t.Errorf("%s: %v", m.data.Data, err)
	}
}

func TestAStateHasNoIDSoThatNobodyResumesBehindIt_G5(t *testing.T) {
	n := start(t, sse.Options{})
	r := n.open("/events?client=alice", "")
	r.live()
	st := lastcall.State{Task: "x", Type: lastcall.TaskProgress, Run: 1, Data: json.RawMessage(`{"percent":42}`)}
	n.hub.Moved([]lastcall.Hint{{Client: "alice", Task: "x", State: &st}})
	if m := r.expect("task.progress"); m.id != "" || m.data.T != "state" || string(m.data.Data) != `{"percent":42}` {
		t.Errorf("state %+v", m)
	}
}

func TestASilentStreamSaysThatItIsThere(t *testing.T) {
	n := start(t, sse.Options{Beat: 50 * time.Millisecond})
	r := n.open("/events?client=alice", "")
	if w := r.live(); w.data.PingMS != 50 {
		t.Errorf("welcome %+v", w)
	}
	time.AfterFunc(300*time.Millisecond, func() { n.write("alice", succeeded("x")) })
	if m := r.expect("task.succeeded"); m.comments == 0 {
		t.Errorf("%d comments in 300 ms", m.comments)
	}
}

func TestAStreamOutlivesTheTimeoutOfItsRequest(t *testing.T) {
	for name, configure := range map[string]func(*httptest.Server){
		"HTTP/1.1": func(*httptest.Server) {},
		"HTTP/2":   func(s *httptest.Server) { s.EnableHTTP2 = true },
	} {
		t.Run(name, func(t *testing.T) {
			n := start(t, sse.Options{WriteTimeout: 100 * time.Millisecond}, configure, func(s *httptest.Server) {
				s.Config.ReadTimeout = 100 * time.Millisecond
			})
			r := n.open("/events?client=alice", "")
			if r.resp.Proto[:6] != name[:6] {
				t.Fatalf("spoke %s", r.resp.Proto)
			}
			r.live()
			time.AfterFunc(400*time.Millisecond, func() { n.write("alice", succeeded("x")) })
			r.expect("task.succeeded")
		})
	}
}

func TestAStreamOverHTTP10EndsWithItsConnection(t *testing.T) {
	n := start(t, sse.Options{})
	c, err := net.Dial("tcp", n.web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := io.WriteString(c, "GET /events?client=alice HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	r := &reader{t, resp, bufio.NewReader(resp.Body)}
	r.live()
	n.write("alice", succeeded("x"))
	r.expect("task.succeeded")
	go n.CloseAll(time.Now().Add(time.Second))
	r.expect("drain")
	r.ends()
}

func TestAHeadIsAnsweredWithTheHeaderAlone(t *testing.T) {
	n := start(t, sse.Options{})
	n.store.Put(lastcall.Task{ID: "x", Client: "alice", Status: lastcall.Running})
	for _, path := range []string{"/events?client=alice", "/task?id=x"} {
		resp, err := n.web.Client().Head(n.web.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
			t.Errorf("%s: %v", path, resp)
		}
	}
}

func TestAStoreThatIsAwayHoldsAStream(t *testing.T) {
	n := start(t, sse.Options{})
	r := n.open("/events?client=alice", "")
	r.live()
	n.store.Fail(lastcall.Errorf(lastcall.CodeStoreUnavailable, "away"))
	n.hub.Moved([]lastcall.Hint{{Client: "alice"}})
	n.store.Fail(nil)
	n.store.Write("alice", succeeded("x"))
	r.expect("task.succeeded") // found when it asks again, without a hint
}

// flood fills a mailbox with more than a kernel keeps for one who does not read.
func flood(n *node, client string) {
	ev := succeeded("x")
	ev.Data = json.RawMessage(fmt.Sprintf(`{"output":%q}`, strings.Repeat("x", 1<<20)))
	for range 16 {
		n.write(client, ev)
	}
}

// deaf opens a stream and never reads.
func (n *node) deaf(client string) {
	n.t.Helper()
	c, err := net.Dial("tcp", n.web.Listener.Addr().String())
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = c.Close() })
	if _, err := fmt.Fprintf(c, "GET /events?client=%s HTTP/1.1\r\nHost: x\r\n\r\n", client); err != nil {
		n.t.Fatal(err)
	}
}

func TestAReaderThatNeverReadsIsCutAndHoldsUpNobody_G8(t *testing.T) {
	n := start(t, sse.Options{WriteTimeout: 500 * time.Millisecond})
	n.deaf("deaf")
	other := n.open("/events?client=alice", "")
	other.live()
	until(t, "both are there", func() bool { return n.Connections() == 2 })
	flood(n, "deaf")
	n.write("alice", succeeded("x"))
	other.expect("task.succeeded")
	until(t, "it is cut", func() bool { return n.Connections() == 1 })
}

func TestAReaderThatNeverReadsHoldsUpNoDrain_G8(t *testing.T) {
	n := start(t, sse.Options{})
	n.deaf("deaf")
	until(t, "it is there", func() bool { return n.Connections() == 1 })
	flood(n, "deaf")
	until(t, "it is written to", func() bool { return n.Unserved() == 1 })
	const drain = time.Minute // what it could be held up for
	n.Announce(time.Now().Add(drain))
	began := time.Now()
	until(t, "it is given up", func() bool { return n.Unserved() == 0 })
	if took := time.Since(began); took > drain/2 {
		t.Errorf("waited for %s", took)
	}
	began = time.Now()
	// What the kernel took of the first results before its buffers were full may have been after the announcement: then it
	// was given a result in the drain, as far as the server can know.
	if got := n.CloseAll(began.Add(300 * time.Millisecond)); got.Closed+got.Served != 1 || time.Since(began) > drain/2 {
		t.Errorf("closed %+v in %s", got, time.Since(began))
	}
	until(t, "none is left", func() bool { return n.Connections() == 0 })
}
