package ws_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/lastcall-dev/lastcall/httpapi/ws"
)

// announce begins a drain with plenty of time.
func (n *node) announce() { n.Announce(time.Now().Add(28 * time.Second)) }

// served waits until nobody is waited for.
func (n *node) served(t *testing.T) {
	t.Helper()
	until(t, "everyone is served", func() bool { return n.Unserved() == 0 })
}

// ending is what a client that reads on its own has read, and how its connection ended.
type ending struct {
	frames []frame
	code   websocket.StatusCode
}

// readAll reads until the connection ends.
func (c *client) readAll() <-chan ending {
	all := make(chan ending, 1)
	go func() {
		var e ending
		for {
			f, err := c.read()
			if err != nil {
				e.code = websocket.CloseStatus(err)
				all <- e
				return
			}
			e.frames = append(e.frames, f)
		}
	}()
	return all
}

func TestADrainIsAnnouncedToEveryone_G7(t *testing.T) {
	n := start(t, ws.Options{
		HelloWait: 100 * time.Millisecond,
		Pending: func(client string) []string {
			if client == "alice" {
				return []string{"x", "y"}
			}
			return nil
		},
	})
	alice, _ := n.hello("alice", `{"t":"hello"}`)
	bob := n.dial("client=bob", nil)
	bob.expect("welcome")
	alice.expect("live")
	bob.expect("live")
	n.announce()
	if f := alice.skipTo("drain"); f.Mode != "finish" || len(f.Pending) != 2 || f.DeadlineMS < 20_000 || f.DeadlineMS > 28_000 {
		t.Errorf("drain %+v", f)
	}
	if f := bob.skipTo("drain"); f.Pending == nil || len(f.Pending) != 0 {
		t.Errorf("drain %+v: pending must be an empty list", f)
	}
	late, _ := n.hello("carol", `{"t":"hello"}`)
	late.skipTo("drain") // one who came later is told too
}

func TestAClientIsServedOnceItAcknowledges_G7(t *testing.T) {
	n := start(t, ws.Options{})
	c, _ := n.hello("alice", `{"t":"hello"}`)
	n.write("alice", succeeded("before", 1))
	c.skipTo("event")
	c.say(`{"t":"ack","seq":1}`)
	n.announce()
	n.served(t)
	n.write("alice", succeeded("x", 1))
	for f := c.skipTo("event"); f.Seq != 2; f = c.skipTo("event") {
	}
	if n.Unserved() != 1 {
		t.Error("served before it has acknowledged")
	}
	c.say(`{"t":"ack","seq":2}`)
	n.served(t)
	done := c.readAll()
	if got := n.CloseAll(ws.CodeRestart, time.Now().Add(time.Second)); got != (ws.Counts{Served: 1}) {
		t.Errorf("counts %+v", got)
	}
	<-done
}

func TestAClientThatNeverAcknowledgesIsServedByItsPong_G7(t *testing.T) {
	n := start(t, ws.Options{})
	c, _ := n.hello("alice", `{"t":"hello"}`)
	c.expect("live")
	n.announce()
	c.expect("drain")
	n.write("alice", succeeded("x", 1))
	until(t, "the result is on its way", func() bool { return n.Unserved() == 1 })
	began := time.Now()
	all := c.readAll()
	n.served(t)
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("served after %s: not by the pong", took)
	}
	counts := n.CloseAll(ws.CodeRestart, time.Now().Add(time.Second))
	if got := <-all; counts != (ws.Counts{Served: 1}) || len(got.frames) != 1 || got.frames[0].T != "event" {
		t.Errorf("counts %+v, frames %+v", counts, got)
	}
}

func TestAResultWrittenJustBeforeTheDrainIsWaitedFor_G7(t *testing.T) {
	n := start(t, ws.Options{})
	c, _ := n.hello("alice", `{"t":"hello"}`)
	c.expect("live")
	n.write("alice", succeeded("x", 1))
	c.expect("event")
	n.announce()
	if n.Unserved() != 1 {
		t.Error("taken for served although nothing says so")
	}
	began := time.Now()
	c.readAll()
	n.served(t)
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("served after %s: not by a pong", took)
	}
}

func TestAReplayUnderWayIsWaitedFor_G7(t *testing.T) {
	n := start(t, ws.Options{})
	flood(n, "alice")
	c, _ := n.hello("alice", `{"t":"hello"}`)
	until(t, "it is being written to", func() bool { return n.Unserved() == 1 })
	n.announce()
	if n.Unserved() != 1 {
		t.Error("the replay was given up")
	}
	for range 20 {
		c.skipTo("event")
	}
	c.readAll()
	n.served(t)
}

// TestBadPeersDoNotLengthenADrain is about those that made others hang until they were killed.
func TestBadPeersDoNotLengthenADrain_G8(t *testing.T) {
	t.Parallel()
	for name, misbehave := range map[string]func(n *node){
		"nothing due, never reads": func(n *node) {
			rawSay(n.t, rawDial(n.t, n, "peer"), `{"t":"hello"}`)
		},
		"gets a result, never reads": func(n *node) {
			rawSay(n.t, rawDial(n.t, n, "peer"), `{"t":"hello"}`)
			until(n.t, "it is there", func() bool { return n.Connections() == 1 })
			n.write("peer", succeeded("x", 1))
		},
		"has more coming than it takes": func(n *node) {
			rawSay(n.t, rawDial(n.t, n, "peer"), `{"t":"hello"}`)
			flood(n, "peer")
		},
		"vanishes with a result under way": func(n *node) {
			c := rawDial(n.t, n, "peer")
			rawSay(n.t, c, `{"t":"hello"}`)
			n.write("peer", succeeded("x", 1))
			_ = c.Close()
		},
		"sends garbage": func(n *node) {
			if _, err := rawDial(n.t, n, "peer").Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
				n.t.Fatal(err)
			}
		},
		"sends a binary frame and ignores the close": func(n *node) {
			if _, err := rawDial(n.t, n, "peer").Write([]byte{0x82, 0x80, 0, 0, 0, 0}); err != nil {
				n.t.Fatal(err)
			}
		},
		"acknowledges once and never again": func(n *node) {
			c := rawDial(n.t, n, "peer")
			n.store.Write("peer", succeeded("x", 1))
			rawSay(n.t, c, `{"t":"hello"}`)
			rawSay(n.t, c, `{"t":"ack","seq":1}`)
			n.write("peer", succeeded("y", 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := start(t, ws.Options{})
			misbehave(n)
			n.announce()
			began := time.Now()
			n.served(t)
			if took := time.Since(began); took > 3*time.Second { // 2 s, and a slow machine
				t.Errorf("waited for %s", took)
			}
			began = time.Now()
			n.CloseAll(ws.CodeRestart, began.Add(time.Second))
			if took := time.Since(began); took > 1500*time.Millisecond {
				t.Errorf("closed in %s", took)
			}
			if left := n.Connections(); left != 0 {
				t.Errorf("%d connections are left", left)
			}
		})
	}
}

func TestAPeerThatNeverAnswersIsWaitedForOnceNotForEveryResult_G8(t *testing.T) {
	n := start(t, ws.Options{})
	rawSay(t, rawDial(t, n, "peer"), `{"t":"hello"}`)
	until(t, "it is there", func() bool { return n.Connections() == 1 })
	n.announce()
	n.write("peer", succeeded("x", 1))
	stop := time.After(2500 * time.Millisecond)
	for seq := int64(2); ; seq++ {
		select {
		case <-stop:
			n.served(t)
			if n.write("peer", succeeded("y", seq)); n.Unserved() > 1 {
				t.Error("counted twice")
			}
			began := time.Now()
			n.served(t)
			if took := time.Since(began); took > time.Second {
				t.Errorf("waited another %s for one that is known not to answer", took)
			}
			return
		case <-time.After(20 * time.Millisecond):
			n.write("peer", succeeded("x", seq))
		}
	}
}

func TestClientsThatComeAndGoDoNotLengthenADrain_G8(t *testing.T) {
	n := start(t, ws.Options{})
	n.store.Write("flapping", succeeded("x", 1)) // each of them has a result coming
	n.announce()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
			c, _, err := websocket.Dial(t.Context(), n.url+"/?client=flapping", nil)
			if err != nil {
				continue
			}
			_ = c.Write(t.Context(), websocket.MessageText, []byte(`{"t":"hello"}`))
			_ = c.CloseNow()
		}
	})
	flood(n, "stays") // so does this one, and it takes nothing of it
	rawSay(t, rawDial(t, n, "stays"), `{"t":"hello"}`)
	for range 50 {
		if got := n.Unserved(); got != 0 {
			t.Errorf("%d who came during the drain are waited for", got)
		}
		<-time.After(5 * time.Millisecond)
	}
	close(stop)
	wg.Wait()
}

func TestAllAreClosedWithoutWaitingForAnyone_G8(t *testing.T) {
	const good, bad = 200, 200
	n := start(t, ws.Options{})
	var clients []<-chan ending
	for i := range good {
		c, _ := n.hello(fmt.Sprint("good-", i), `{"t":"hello"}`)
		clients = append(clients, c.readAll())
	}
	for i := range bad {
		rawSay(t, rawDial(t, n, fmt.Sprint("bad-", i)), `{"t":"hello"}`)
	}
	flood(n, "bad-0") // and this one takes nothing of what is being written to it
	until(t, "it is being written to", func() bool { return n.Unserved() > 0 })
	until(t, "it takes nothing", func() bool { return n.Unserved() == 0 })
	began := time.Now()
	counts := n.CloseAll(ws.CodeRestart, began.Add(2*time.Second))
	took := time.Since(began)
	if took > 2*time.Second+700*time.Millisecond || n.Connections() != 0 || counts.Closed != good+bad {
		t.Errorf("closed %+v in %s, %d left", counts, took, n.Connections())
	}
	for i, client := range clients {
		if end := <-client; end.code != ws.CodeRestart {
			t.Fatalf("client %d saw %v", i, end.code)
		}
	}
	_, resp, err := websocket.Dial(t.Context(), n.url, nil)
	if err == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a handshake afterwards: %v, %+v", err, resp)
	}
}
