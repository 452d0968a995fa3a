package ws_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/ws"
)

func TestReplayThenLiveInOneOrder_G5(t *testing.T) {
	n := start(t, ws.Options{})
	n.store.Write("alice", succeeded("a", 1), succeeded("b", 1), succeeded("c", 1))
	mb := n.store.Mailbox("alice")

	c, welcome := n.hello("alice", fmt.Sprintf(`{"t":"hello","resume":"%s:1"}`, mb.Epoch))
	if welcome.Cursor != mb.Epoch+":1" || welcome.Head != 3 || welcome.Node != "pod-a" || welcome.Client != "alice" ||
		welcome.Conn == "" || welcome.PingMS != 25000 {
		t.Errorf("welcome %+v", welcome)
	}
	for seq := int64(2); seq <= 3; seq++ {
		if ev := c.expect("event"); ev.Seq != seq || ev.Cursor != fmt.Sprintf("%s:%d", mb.Epoch, seq) {
			t.Errorf("replayed %+v, want seq %d", ev, seq)
		}
	}
	if live := c.expect("live"); live.Cursor != mb.Epoch+":3" {
		t.Errorf("live %+v", live)
	}
	n.write("alice", succeeded("d", 1))
	if ev := c.expect("event"); ev.Seq != 4 || ev.Task != "d" || string(ev.Data) != `{"output":1}` {
		t.Errorf("live event %+v", ev)
	}
}

func TestAClientThatResumesMissesNothing_G5(t *testing.T) {
	n := start(t, ws.Options{})
	c, welcome := n.hello("alice", `{"t":"hello"}`)
	cursor := welcome.Cursor
	c.expect("live")
	for seq := int64(1); seq <= 50; seq++ {
		n.write("alice", succeeded("x", seq))
		if seq%7 == 0 { // it vanishes and comes back
			_ = c.conn.CloseNow()
			c, _ = n.hello("alice", fmt.Sprintf(`{"t":"hello","resume":%q}`, cursor))
		}
		f := c.skipTo("event")
		if f.Seq != seq {
			t.Fatalf("event %d, want %d", f.Seq, seq)
		}
		cursor = f.Cursor
	}
}

func TestAClientThatSaysNothingGetsWhatComesFromNowOn(t *testing.T) {
	n := start(t, ws.Options{HelloWait: 50 * time.Millisecond})
	n.store.Write("alice", succeeded("old", 1))
	began := time.Now()
	c := n.dial("client=alice", &websocket.DialOptions{}) // no subprotocol either
	welcome := c.expect("welcome")
	if waited := time.Since(began); waited < 50*time.Millisecond {
		t.Errorf("welcome after %s: the client had no time to say hello", waited)
	}
	if want := n.store.Mailbox("alice").Epoch + ":1"; welcome.Cursor != want || c.conn.Subprotocol() != "" {
		t.Errorf("welcome %+v over %q, want cursor %s", welcome, c.conn.Subprotocol(), want)
	}
	c.expect("live")
	n.write("alice", succeeded("new", 1))
	if ev := c.expect("event"); ev.Task != "new" {
		t.Errorf("event %+v", ev)
	}
}

func TestAHelloThatComesLateStartsOver_G5(t *testing.T) {
	n := start(t, ws.Options{HelloWait: 10 * time.Millisecond})
	n.store.Write("alice", succeeded("old", 1))
	c := n.dial("client=alice", nil)
	c.expect("welcome")
	c.expect("live")
	c.say(`{"t":"hello"}`)
	if again := c.expect("welcome"); again.Cursor != n.store.Mailbox("alice").Epoch+":0" {
		t.Errorf("second welcome %+v", again)
	}
	if ev := c.expect("event"); ev.Task != "old" {
		t.Errorf("replayed %+v", ev)
	}
	c.expect("live")
}

func TestGapsAreAnnouncedBeforeAnythingNewer_G5(t *testing.T) {
	n := start(t, ws.Options{})
	n.store.Write("alice", succeeded("a", 1), succeeded("b", 1), succeeded("c", 1))
	n.store.Expire("alice", 2)
	epoch := n.store.Mailbox("alice").Epoch
	for _, tc := range []struct {
		resume, welcome string
		gap             frame
		events          int
	}{
		{epoch + ":0", epoch + ":0", frame{T: "gap", Why: "expired", From: 1, To: 2, Cursor: epoch + ":2"}, 1},
		{"other:2", epoch + ":2", frame{T: "gap", Why: "epoch", Cursor: epoch + ":2"}, 1},
		{epoch + ":7", epoch + ":3", frame{T: "gap", Why: "ahead", Cursor: epoch + ":3"}, 0},
	} {
		t.Run(tc.gap.Why, func(t *testing.T) {
			c, welcome := n.hello("alice", fmt.Sprintf(`{"t":"hello","resume":%q}`, tc.resume))
			if welcome.Cursor != tc.welcome {
				t.Errorf("welcome at %s, want %s", welcome.Cursor, tc.welcome)
			}
			gap := c.expect("gap")
			if gap.Why != tc.gap.Why || gap.From != tc.gap.From || gap.To != tc.gap.To || gap.Cursor != tc.gap.Cursor {
				t.Errorf("gap %+v, want %+v", gap, tc.gap)
			}
			for range tc.events {
				c.expect("event")
			}
			c.expect("live")
		})
	}
}

func TestAnAckIsWhereAClientWithoutACursorGoesOn(t *testing.T) {
	n := start(t, ws.Options{})
	n.store.Write("alice", succeeded("a", 1), succeeded("b", 1), succeeded("c", 1))
	c, _ := n.hello("alice", `{"t":"hello"}`)
	for range 3 {
		c.expect("event")
	}
	c.say(`{"t":"ack","seq":2}`)
	c.say(`{"t":"bye"}`)
	c.expectClose(ws.CodeNormal)
	until(t, "the ack is saved on close", func() bool { return n.store.Mailbox("alice").Acked == 2 })
	c, _ = n.hello("alice", `{"t":"hello"}`)
	if ev := c.expect("event"); ev.Seq != 3 {
		t.Errorf("goes on at %d, want 3", ev.Seq)
	}
}

func TestStatesAreForWhoeverIsThere(t *testing.T) {
	n := start(t, ws.Options{})
	plain, _ := n.hello("alice", `{"t":"hello"}`)
	full, _ := n.hello("alice", `{"t":"hello","caps":["handover","progress","whatever"]}`)
	plain.expect("live")
	full.expect("live")
	n.state("alice", lastcall.State{Task: "x", Type: lastcall.TaskProgress, Run: 1, Data: []byte(`{"percent":42}`)})
	if st := full.expect("state"); st.Task != "x" || st.Type != "task.progress" || st.Run != 1 || string(st.Data) != `{"percent":42}` {
		t.Errorf("state %+v", st)
	}
	n.state("alice", lastcall.State{Task: "y", Type: lastcall.TaskStarted, Run: 1})
	if st := plain.expect("state"); st.Task != "y" || string(st.Data) != `{}` {
		t.Errorf("state %+v: progress was not asked for", st)
	}
}

func TestAStoreThatIsAwayForAMomentCostsTheMoment_G5(t *testing.T) {
	n := start(t, ws.Options{HelloWait: 20 * time.Millisecond}) // for a quick clock
	away := lastcall.Errorf(lastcall.CodeStoreUnavailable, "away")
	n.store.Fail(away)
	c := n.dial("client=alice", nil)
	c.say(`{"t":"hello"}`)
	<-time.After(50 * time.Millisecond)
	n.store.Fail(nil)
	c.expect("welcome")
	c.expect("live")
	n.store.Fail(away)
	n.store.Fail(nil)
	n.write("alice", succeeded("x", 1))
	c.expect("event")
}

func TestAStoreThatIsBrokenIsSaidToBe(t *testing.T) {
	n := start(t, ws.Options{})
	n.store.Fail(lastcall.Errorf(lastcall.CodeInternal, "secret"))
	c := n.dial("client=alice", nil)
	c.say(`{"t":"hello"}`)
	if before := c.expectClose(ws.CodeInternal); len(before) > 0 {
		t.Errorf("told %+v", before)
	}
}

func TestOnlyAHandshakeForOurSubprotocolIsTaken_G10(t *testing.T) {
	var refused lastcall.Code
	n := start(t, ws.Options{Refuse: func(w http.ResponseWriter, _ *http.Request, e *lastcall.Error) {
		refused = e.Code
		w.WriteHeader(http.StatusTeapot)
	}})
	for name, protocols := range map[string][]string{
		"ours": {"lastcall.v1"}, "ours among others": {"graphql-ws", "lastcall.v1"}, "none": nil,
	} {
		if c := n.dial("client=alice", &websocket.DialOptions{Subprotocols: protocols}); (c.conn.Subprotocol() == "") != (protocols == nil) {
			t.Errorf("%s: speaks %q", name, c.conn.Subprotocol())
		}
	}
	_, resp, err := websocket.Dial(t.Context(), n.url, &websocket.DialOptions{Subprotocols: []string{"graphql-ws"}})
	if err == nil || resp.StatusCode != http.StatusTeapot || refused != lastcall.CodeInvalidRequest {
		t.Errorf("another subprotocol: %v, %q, %+v", err, refused, resp)
	}
	refused = ""
	resp, err = http.Get("http" + n.url[2:])
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusTeapot || refused != lastcall.CodeInvalidRequest {
		t.Errorf("no handshake at all: %q, %+v", refused, resp)
	}
}

func TestAReplayOf100000EventsIsNotHeldInMemory(t *testing.T) {
	const events = 100_000
	n := start(t, ws.Options{Ping: time.Hour})
	big := succeeded("x", 1)
	big.Data = fmt.Appendf(nil, `{"output":"%s"}`, bytes.Repeat([]byte("x"), 200))
	for range events {
		n.store.Write("alice", big) // all with the same data: the store holds it once
	}
	c := rawDial(t, n, "alice") // a fast one, so that the test is about the server
	rawSay(t, c, `{"t":"hello"}`)
	in := bufio.NewReaderSize(c, 64<<10)
	if f := rawFrame(t, in); !bytes.HasPrefix(f, []byte(`{"t":"welcome"`)) {
		t.Fatalf("%s", f)
	}
	before, most := heap(), uint64(0)
	for seq := int64(1); seq <= events; seq++ {
		if f := rawFrame(t, in); !bytes.HasPrefix(f, fmt.Appendf(nil, `{"t":"event","seq":%d,`, seq)) {
			t.Fatalf("%s; want event %d", f, seq)
		}
		if seq%10_000 == 0 {
			most = max(most, heap())
		}
	}
	if f := rawFrame(t, in); !bytes.HasPrefix(f, []byte(`{"t":"live"`)) {
		t.Fatalf("%s", f)
	}
	if most > before+4<<20 {
		t.Errorf("%d KiB more in use during the replay", (most-before)>>10)
	}
	if _, largest := n.store.Reads(); largest > 100 {
		t.Errorf("a page of %d events", largest)
	}
}

// heap is what is in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
