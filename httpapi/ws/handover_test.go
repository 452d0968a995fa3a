package ws_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/lastcall-dev/lastcall/httpapi/ws"
)

// handOver begins a drain in which everyone is sent on within d.
func (n *node) handOver(d time.Duration) {
	n.announce()
	n.HandOver(time.Now().Add(d))
}

// running is a node's tasks by client, for Options.Pending.
type running struct {
	mu    sync.Mutex
	tasks map[string][]string
}

func (r *running) of(client string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tasks[client]
}

func (r *running) set(client string, tasks ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tasks = map[string][]string{client: tasks}
}

// leaver is what a client saw that was sent on: what it was told, when, and when its connection was closed.
type leaver struct {
	told   time.Time
	after  time.Duration
	closed time.Time
	code   websocket.StatusCode
}

// leaves reads until the connection is closed.
func (c *client) leaves() leaver {
	var l leaver
	for {
		f, err := c.read()
		if err != nil {
			l.closed, l.code = time.Now(), websocket.CloseStatus(err)
			return l
		}
		if f.T == "drain" && f.Mode == "handover" {
			l.told, l.after = time.Now(), time.Duration(*f.AfterMS)*time.Millisecond
		}
	}
}

func TestClientsAreSentOnOneByOne_G6(t *testing.T) {
	const clients, over = 150, 1500 * time.Millisecond
	n := start(t, ws.Options{})
	all := make(chan leaver, clients)
	for i := range clients {
		c, _ := n.hello(fmt.Sprint("client-", i), `{"t":"hello"}`)
		c.expect("live")
		go func() { all <- c.leaves() }()
	}
	for i := range clients { // as many that never read; they neither cost nor delay anything
		rawSay(t, rawDial(t, n, fmt.Sprint("silent-", i)), `{"t":"hello"}`)
	}
	until(t, "all are there", func() bool { return n.Connections() == 2*clients })
	began := time.Now()
	n.handOver(over)
	var moments []time.Duration
	for range clients {
		l := <-all
		if l.code != ws.CodeRestart || l.told.IsZero() {
			t.Fatalf("closed with %d, told %v", l.code, l.told)
		}
		if kept := l.closed.Sub(began); kept < l.after {
			t.Errorf("closed after %s, and was told %s", kept, l.after)
		}
		moments = append(moments, l.told.Add(l.after).Sub(began))
	}
	// Each third has its share, as far as a busy machine lets it be seen; hub.Moments is held to more.
	for third := range 3 {
		from, to := over/3*time.Duration(third), over/3*time.Duration(third+1)
		share := 0
		for _, m := range moments {
			if m >= from && m < to {
				share++
			}
		}
		if share < clients/10 || share > clients*2/3 {
			t.Errorf("%d of %d go in third %d", share, clients, third+1)
		}
	}
	until(t, "the silent ones are gone too", func() bool { return n.Connections() == 0 })
	if got := n.CloseAll(ws.CodeRestart, time.Now()); got != (ws.Counts{HandedOver: 2 * clients}) {
		t.Errorf("counts %+v", got)
	}
}

func TestWhoWaitsForATaskStaysUntilItHasTheResult_G7(t *testing.T) {
	var r running
	n := start(t, ws.Options{Pending: r.of})
	r.set("alice", "x")
	alice, _ := n.hello("alice", `{"t":"hello"}`)
	alice.expect("live")
	n.handOver(50 * time.Millisecond)
	if f := alice.skipTo("drain"); f.Mode != "finish" || f.AfterMS != nil || !slices.Equal(f.Pending, []string{"x"}) {
		t.Fatalf("drain %+v", f)
	}
	bob, _ := n.hello("bob", `{"t":"hello"}`) // comes while others are sent on, and is
	if l := bob.leaves(); l.code != ws.CodeRestart || l.told.IsZero() {
		t.Errorf("bob: %+v", l)
	}
	until(t, "bob is gone, and alice is not", func() bool { return n.Connections() == 1 })
	n.store.Write("alice", succeeded("x", 1)) // and the hint to it is lost
	r.set("alice")
	alice.expect("event")
	if n.Unserved() != 1 {
		t.Error("taken for served without a sign of it")
	}
	alice.say(`{"t":"ack","seq":1}`)
	if f := alice.expect("drain"); f.Mode != "handover" || *f.AfterMS > 100 {
		t.Errorf("drain %+v", f)
	}
	alice.expectClose(ws.CodeRestart)
	until(t, "nobody is left", func() bool { return n.Connections() == 0 })
	if got := n.CloseAll(ws.CodeRestart, time.Now()); got != (ws.Counts{Served: 1, HandedOver: 2}) {
		t.Errorf("counts %+v", got)
	}
}

func TestAResultThatMayNotHaveArrivedIsWaitedForBeforeAClientIsSentOn_G7(t *testing.T) {
	n := start(t, ws.Options{})
	c, _ := n.hello("alice", `{"t":"hello"}`)
	n.write("alice", succeeded("before", 1))
	c.skipTo("event")
	c.say(`{"t":"ack","seq":1}`) // from here on pongs do not count
	n.write("alice", succeeded("x", 1))
	c.skipTo("event")
	n.handOver(50 * time.Millisecond)
	began := time.Now()
	if f := c.skipTo("drain"); f.Mode != "finish" {
		t.Errorf("drain %+v", f)
	}
	if l := c.leaves(); l.code != ws.CodeRestart || l.closed.Sub(began) < 1500*time.Millisecond {
		t.Errorf("sent on with %d after %s, the result not acknowledged", l.code, l.closed.Sub(began))
	}
}

func TestAClientThatMovesByItselfKeepsTheOldConnectionForAMoment(t *testing.T) {
	n := start(t, ws.Options{})
	c, _ := n.hello("alice", `{"t":"hello","caps":["handover"]}`)
	c.expect("live")
	began := time.Now()
	n.handOver(100 * time.Millisecond)
	until(t, "the drain waits for it", func() bool { return n.Unserved() == 1 })
	if l := c.leaves(); l.code != ws.CodeRestart || l.closed.Sub(began) < l.after+time.Second {
		t.Errorf("closed with %d after %s, and was told %s", l.code, l.closed.Sub(began), l.after)
	}
	n.served(t)
	away, _ := n.hello("bob", `{"t":"hello","caps":["handover"]}`)
	for f := away.skipTo("drain"); f.Mode != "handover"; f = away.skipTo("drain") {
	}
	_ = away.conn.CloseNow() // it has moved
	until(t, "it is gone", func() bool { return n.Connections() == 0 })
	if got := n.CloseAll(ws.CodeRestart, time.Now()); got != (ws.Counts{HandedOver: 2}) {
		t.Errorf("counts %+v", got)
	}
}

func TestAHandOverIsTakenBackWhenThePeerIsGone(t *testing.T) {
	n := start(t, ws.Options{})
	c, _ := n.hello("alice", `{"t":"hello"}`)
	c.expect("live")
	n.handOver(time.Hour)
	for f := c.skipTo("drain"); f.Mode != "handover"; f = c.skipTo("drain") {
	}
	n.HandOver(time.Time{})
	if f := c.expect("drain"); f.Mode != "finish" || f.AfterMS != nil {
		t.Errorf("drain %+v", f)
	}
	n.write("alice", succeeded("x", 1))
	c.expect("event")
	by := time.Now().Add(100 * time.Millisecond) // another peer
	n.HandOver(by)
	n.HandOver(by) // the same orders twice change nothing
	if l := c.leaves(); l.code != ws.CodeRestart || l.told.IsZero() {
		t.Errorf("%+v", l)
	}
}

func TestAClientThatWasToldAndIsClosedBeforeItsMomentIsNotHandedOver(t *testing.T) {
	n := start(t, ws.Options{})
	c, _ := n.hello("alice", `{"t":"hello"}`)
	c.expect("live")
	n.HandOver(time.Now().Add(time.Hour)) // without a word before it
	if f := c.expect("drain"); f.Mode != "handover" || f.AfterMS == nil {
		t.Errorf("drain %+v", f)
	}
	go c.readAll()
	if got := n.CloseAll(ws.CodeRestart, time.Now().Add(time.Second)); got != (ws.Counts{Closed: 1}) {
		t.Errorf("counts %+v", got)
	}
}

func TestAHandshakeAfterAHandOverIsSentOnAtOnce_G6(t *testing.T) {
	n := start(t, ws.Options{})
	n.handOver(time.Millisecond)
	n.CloseAll(ws.CodeRestart, time.Now())
	n.dial("client=alice", nil).expectClose(ws.CodeRestart)
}

func TestHandshakesGoOnDuringAHandOver_G6(t *testing.T) {
	n := start(t, ws.Options{})
	n.handOver(300 * time.Millisecond)
	for i := range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		c, resp, err := websocket.Dial(ctx, fmt.Sprint(n.url, "/?client=", i), nil)
		cancel()
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("handshake %d: %v", i, err)
		}
		_ = c.CloseNow()
	}
}
