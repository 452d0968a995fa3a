package ws_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/httpapi/ws"
)

const quick = 50 * time.Millisecond // a ping interval for tests

func TestAClientThatAnswersPingsStays(t *testing.T) {
	n := start(t, ws.Options{Ping: quick})
	c, welcome := n.hello("alice", `{"t":"hello"}`)
	if welcome.PingMS != quick.Milliseconds() {
		t.Errorf("ping_ms %d", welcome.PingMS)
	}
	c.expect("live")
	for i := int64(1); i <= 6; i++ {
		if ping := c.expect("ping"); ping.N != i {
			t.Errorf("ping %d, want %d", ping.N, i)
		}
		c.say(fmt.Sprintf(`{"t":"pong","n":%d}`, i))
	}
}

func TestAClientThatSaidHelloAndAnswersNoPingIsToldSo(t *testing.T) {
	n := start(t, ws.Options{Ping: quick})
	c, _ := n.hello("alice", `{"t":"hello"}`)
	began := time.Now()
	for _, f := range c.expectClose(ws.CodeNoPong) { // its library answers protocol pings all the while
		if f.T != "live" && f.T != "ping" {
			t.Errorf("told %+v", f)
		}
	}
	if took := time.Since(began); took > 2*quick+time.Second {
		t.Errorf("noticed after %s", took)
	}
}

func TestAPlainClientIsPingedByTheProtocol(t *testing.T) {
	n := start(t, ws.Options{Ping: quick, HelloWait: time.Millisecond})
	c := n.dial("client=alice", nil)
	c.expect("welcome")
	c.expect("live")
	gone := make(chan frame, 1)
	go func() { // reading is what lets its library answer
		f, _ := c.read()
		gone <- f
	}()
	<-time.After(5 * quick)
	n.write("alice", succeeded("x", 1))
	if f := <-gone; f.T != "event" {
		t.Errorf("got %+v, want the event: it has been answering", f)
	}
}

func TestAVanishedClientFreesEverythingWithinTwoPings(t *testing.T) {
	n := start(t, ws.Options{Ping: quick, HelloWait: time.Millisecond})
	rawDial(t, n, "plain") // reads nothing, answers nothing, closes nothing
	rawSay(t, rawDial(t, n, "hello"), `{"t":"hello"}`)
	began := time.Now()
	until(t, "both are forgotten", func() bool { return n.Connections() == 0 })
	if took := time.Since(began); took > 2*quick+2*time.Second { // the one that said hello has a second to answer the close
		t.Errorf("took %s", took)
	}
}

func TestAPeersPingIsAnswered(t *testing.T) {
	n := start(t, ws.Options{})
	c, _ := n.hello("alice", `{"t":"hello"}`)
	c.readAll() // what the ping brings back
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	if err := c.conn.Ping(ctx); err != nil {
		t.Error(err)
	}
}

func TestAPeerThatIgnoresTheCloseIsLeft(t *testing.T) {
	n := start(t, ws.Options{})
	c := rawDial(t, n, "alice")
	rawSay(t, c, `not JSON`)
	until(t, "it is forgotten", func() bool { return n.Connections() == 0 })
}

// flood writes more to the client's mailbox than all buffers on the way hold, and hints at it.
func flood(n *node, client string) {
	big := succeeded("big", 1)
	big.Data, _ = json.Marshal(map[string]string{"output": string(bytes.Repeat([]byte("x"), 1<<20))})
	for range 20 {
		n.store.Write(client, big)
	}
	n.write(client)
}

func TestAClientThatNeverReadsIsCutOffAndDisturbsNobody(t *testing.T) {
	n := start(t, ws.Options{WriteTimeout: 200 * time.Millisecond})
	silent := rawDial(t, n, "silent")
	rawSay(t, silent, `{"t":"hello"}`)
	other, _ := n.hello("alice", `{"t":"hello"}`)
	other.expect("live")
	before := heap()
	flood(n, "silent")
	for seq := int64(1); n.Connections() == 2; seq++ {
		n.write("alice", succeeded("x", seq))
		began := time.Now()
		other.skipTo("event")
		if took := time.Since(began); took > soon/2 {
			t.Errorf("an event took %s beside one who does not read", took)
		}
	}
	if now := heap(); now > before+24<<20 { // the store of this test holds 20 MiB of it
		t.Errorf("%d KiB are held for one who is gone", (now-before)>>10)
	}
}

func TestASlowReaderIsToldThatItWasTooSlow(t *testing.T) {
	n := start(t, ws.Options{WriteTimeout: 200 * time.Millisecond})
	c, _ := n.hello("slow", `{"t":"hello"}`)
	flood(n, "slow")
	<-time.After(600 * time.Millisecond) // it does something else, and then goes on
	c.expectClose(ws.CodeSlowConsumer)
	if _, resumed := n.hello("slow", `{"t":"hello"}`); resumed.Head != 20 {
		t.Errorf("welcome %+v", resumed)
	}
}
