package clients_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// A client that has everything is told so: what follows is new. Then it hears how its tasks are getting on, in states
// that have no place in the mailbox, each task's in the order in which they came about, and nothing of a task after its
// end.
func TestStatesTellHowATaskGetsOnUntilItsEnd(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	ctx, cancel := context.WithTimeout(t.Context(), lab.Patience)
	defer cancel()
	s, _, err := n.Dial(ctx, "alice")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Conn.CloseNow()
	s.Send(map[string]any{"t": "hello", "caps": []string{"progress"}})
	alice := s.Follow(true)
	alice.Await("the end of the replay", func(f lab.Frame) bool { return f.T == "live" })
	id := n.Sleep("alice", 1500*time.Millisecond).ID
	alice.Await("the answer", func(f lab.Frame) bool { return f.T == "event" && f.Task == id })
	n.Submit(`{"type":"echo","client":"alice"}`)
	alice.Await("the answer to what was asked later", func(f lab.Frame) bool { return f.T == "event" && f.Seq == 2 })

	var kinds []lastcall.EventType
	percent := -1.0
	for _, f := range alice.Frames() {
		if f.Task != id {
			continue
		}
		if f.T == "state" && f.Seq != 0 {
			t.Errorf("a state has the place %d in the mailbox", f.Seq)
		}
		if f.Type == lastcall.TaskProgress {
			var p lastcall.Progress
			if err := json.Unmarshal(f.Data, &p); err != nil || p.Percent <= percent || p.Message == "" {
				t.Errorf("after %v %% came %s", percent, f.Data)
			}
			percent = p.Percent
		}
		kinds = append(kinds, f.Type)
	}
	order := []lastcall.EventType{lastcall.TaskQueued, lastcall.TaskStarted, lastcall.TaskProgress, lastcall.TaskSucceeded}
	if !slices.IsSortedFunc(kinds, func(a, b lastcall.EventType) int { return slices.Index(order, a) - slices.Index(order, b) }) {
		t.Errorf("alice heard %v", kinds)
	}
	if percent < 0 || !slices.Contains(kinds, lastcall.TaskStarted) {
		t.Errorf("alice heard nothing of how it went on: %v", kinds)
	}
}

// G5: what can no longer be had is announced, never passed over in silence.
func TestAGapIsAnnounced(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t), "--retention-events=1s")
	first, _ := n.Connect("alice", "")
	for range 3 {
		n.Submit(`{"type":"echo","client":"alice"}`)
	}
	var at lastcall.Cursor
	for at.Seq < 3 {
		c, err := lastcall.ParseCursor(first.Await("event").Cursor)
		if err != nil {
			t.Fatal(err)
		}
		at = c
	}
	ahead, another := lastcall.Cursor{Epoch: at.Epoch, Seq: 99}, lastcall.Cursor{Epoch: "another", Seq: 2}
	for _, c := range []struct {
		why  string
		from lastcall.Cursor
		on   int64 // where it goes on: at the head, or behind what is no longer kept
	}{{"ahead", ahead, 3}, {"epoch", another, 0}} {
		s, _ := n.Connect("alice", c.from.String())
		f := s.Await("gap")
		if on := seqOf(t, f.Cursor); f.Why != c.why || on < c.on || on > 3 {
			t.Errorf("resuming at %v is a gap %q that goes on at %s, want %q and %d", c.from, f.Why, f.Cursor, c.why, c.on)
		}
	}
	lab.Until(t, "the events are past their retention, and the gap says so", func() bool {
		s, welcome := n.Connect("alice", lastcall.Cursor{Epoch: at.Epoch}.String())
		defer s.Conn.CloseNow()
		f := unpinged(t, s)
		if f.T != "gap" {
			return false // it is still there, and comes
		}
		if f.Why != "expired" || f.From != 1 || f.To < 1 || welcome.Head != 3 {
			t.Errorf("the gap says %+v", f)
		}
		return f.To == 3
	})
}

// G5: a client that has no place to keep a cursor says how far it has got, and goes on there on its next connection; what
// it has not acknowledged comes again.
func TestWhatIsAcknowledgedDoesNotComeAgain(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	s, _ := n.Connect("alice", "")
	for range 5 {
		n.Submit(`{"type":"echo","client":"alice"}`)
	}
	for range 5 {
		s.Await("event")
	}
	s.Ack(3)
	if err := s.Conn.Close(websocket.StatusGoingAway, ""); err != nil {
		t.Error(err)
	}
	lab.Until(t, "the next connection begins behind it", func() bool {
		again, welcome := n.Connect("alice", "")
		defer again.Conn.CloseNow()
		return seqOf(t, welcome.Cursor) == 3 && again.Await("event").Seq == 4
	})
}

// A client that says nothing is served too: from its welcome on, and not what was before.
func TestAClientThatSaysNothingIsServedLive(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	old := n.Submit(`{"type":"echo","client":"alice"}`, "Prefer: wait=30").ID
	ctx, cancel := context.WithTimeout(t.Context(), lab.Patience)
	defer cancel()
	s, _, err := n.Dial(ctx, "alice")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Conn.CloseNow()
	if f := s.Await("welcome"); seqOf(t, f.Cursor) != 1 {
		t.Errorf("it begins at %s, want behind what was before", f.Cursor)
	}
	id := n.Submit(`{"type":"echo","client":"alice"}`).ID
	if f := s.Await("event"); f.Task != id || f.Seq != 2 {
		t.Errorf("it got event %d of %s, want 2 of %s (and not %s)", f.Seq, f.Task, id, old)
	}
}

// A client that said hello is asked by name whether it is there, and one that asks the server is answered.
func TestBothSidesAreAskedWhetherTheyAreThere(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	s, welcome := n.Connect("alice", "")
	alice := s.Follow(true)
	ctx, cancel := context.WithTimeout(t.Context(), lab.Patience)
	defer cancel()
	if err := s.Conn.Ping(ctx); err != nil {
		t.Errorf("the server did not answer a ping: %v", err)
	}
	began := time.Now()
	alice.Await("a ping", func(f lab.Frame) bool { return f.T == "ping" && f.N == 1 })
	if most := time.Duration(welcome.PingMS) * time.Millisecond; welcome.PingMS == 0 || time.Since(began) > most+lab.Patience {
		t.Errorf("the first ping came after %v, the welcome says %d ms", time.Since(began), welcome.PingMS)
	}
}

// G10: a frame that is none is answered, in words, and then with a verdict: do not come back unchanged.
func TestABadFrameIsAnsweredAndClosedWith4000(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	for name, frame := range map[string]struct {
		kind websocket.MessageType
		text string
	}{
		"binary":           {websocket.MessageBinary, `{"t":"hello"}`},
		"no JSON":          {websocket.MessageText, `{"t":`},
		"no object":        {websocket.MessageText, `[1,2]`},
		"no t":             {websocket.MessageText, `{"seq":1}`},
		"a bad cursor":     {websocket.MessageText, `{"t":"hello","resume":"nowhere"}`},
		"a bad position":   {websocket.MessageText, `{"t":"ack","seq":-1}`},
		"far too long":     {websocket.MessageText, fmt.Sprintf(`{"t":"x","pad":%q}`, big())},
		"hello, once more": {websocket.MessageText, `{"t":"hello"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), lab.Patience)
			defer cancel()
			s, _, err := n.Dial(ctx, "mallory")
			if err != nil {
				t.Fatal(err)
			}
			defer s.Conn.CloseNow()
			if name == "hello, once more" {
				s.Send(map[string]any{"t": "hello"})
				s.Await("welcome")
			}
			_ = s.Conn.Write(ctx, frame.kind, []byte(frame.text)) // a long one may be cut off on its way
			if f := s.Await("error"); f.Code != "bad_frame" || f.Message == "" {
				t.Errorf("it was answered with %+v", f)
			}
			if code := s.CloseCode(); code != 4000 {
				t.Errorf("it was closed with %d, want 4000", code)
			}
		})
	}
}
