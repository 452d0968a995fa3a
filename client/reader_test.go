package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/lastcall-dev/lastcall"
)

// G5: the reader goes on where it was, whatever ends its connection, and says so.
func TestAReaderGoesOnWhereItWas(t *testing.T) {
	b := newSwitchboard(t)
	told, _ := b.read(t, EventOptions{})
	p := b.next(t)
	if diff := cmp.Diff(map[string]any{"t": "hello", "caps": []any{"handover"}}, p.hello); diff != "" {
		t.Error(diff)
	}
	p.welcome("e:3")
	p.say(event(4), `{"t":"live","cursor":"e:4"}`, `{"t":"news","of":"a later version"}`, event(5))
	expect(t, told, "connected", "e:4", "live", "e:5")
	p.hangUp()
	expect(t, told, "lost")
	p = b.next(t)
	if p.hello["resume"] != "e:5" {
		t.Errorf("resumes at %v", p.hello["resume"])
	}
	p.welcome("e:5")
	p.say(event(5), event(6), `{"t":"state","task":"7","type":"task.progress","run":1,"data":{"percent":4}}`)
	expect(t, told, "connected", "e:6", `task.progress {"percent":4}`)
	p.close(4200)
	expect(t, told, "lost")
	b.next(t).welcome("e:6")
	expect(t, told, "connected")
}

func TestAReaderThatIsToldWhereToBegin(t *testing.T) {
	b := newSwitchboard(t)
	told, _ := b.read(t, EventOptions{After: lastcall.Cursor{Epoch: "e", Seq: 2}, Progress: true, Peek: true})
	p := b.next(t)
	if diff := cmp.Diff(map[string]any{"t": "hello", "resume": "e:2", "caps": []any{"handover", "progress"}}, p.hello); diff != "" {
		t.Error(diff)
	}
	p.welcome("e:4")
	p.say(`{"t":"gap","why":"expired","from":3,"to":4,"cursor":"e:4"}`, event(5), `{"t":"ping","n":9}`)
	expect(t, told, "connected", "gap expired to e:4", "e:5")
	p.hears("pong 9") // and no ack before it: it only looks
}

// What has been dealt with is acknowledged at once where nothing waits; what the loop was left with is not.
func TestAnEventIsAcknowledgedWhenTheLoopComesBackForMore(t *testing.T) {
	b := newSwitchboard(t)
	done := make(chan struct{})
	dealt := make(chan struct{})
	go func() { // ends with the loop, which the event 7 ends
		defer close(done)
		for m, err := range b.c.Events(t.Context(), EventOptions{}) {
			if err != nil {
				t.Error(err)
			}
			if e, ok := m.(Event); ok && e.Seq == 7 {
				return
			} else if ok {
				<-dealt
			}
		}
	}()
	p := b.next(t)
	p.welcome("e:3")
	p.say(event(4), `{"t":"ping","n":1}`)
	p.hears("pong 1") // it answers for itself while the loop is busy
	dealt <- struct{}{}
	p.hears("ack 4")
	p.say(event(5))
	dealt <- struct{}{}
	p.hears("ack 5")
	p.say(event(6), event(7), `{"t":"ping","n":2}`)
	p.hears("pong 2")
	dealt <- struct{}{}
	p.hears("ack 6") // which waited, as there was more; 7 is left with the loop
	p.hears("bye")
	p.hangUp()
	<-done
}

// What was dealt with in a mailbox that is no more is not acknowledged in the one that has taken its place.
func TestAnAcknowledgementDoesNotOutliveItsMailbox(t *testing.T) {
	b := newSwitchboard(t)
	told, _ := b.read(t, EventOptions{})
	p := b.next(t)
	p.welcome("e:3")
	p.say(event(4), `{"t":"gap","why":"epoch","cursor":"f:0"}`, `{"t":"ping","n":1}`)
	p.hears("pong 1") // all of it has arrived before the first event is dealt with
	expect(t, told, "connected", "e:4", "gap epoch to f:0")
	p.say(strings.ReplaceAll(event(1), "e:1", "f:1"))
	expect(t, told, "f:1")
	p.hears("ack 1")
	p.say(strings.ReplaceAll(event(2), "e:2", "f:2"), `{"t":"ping","n":2}`)
	p.hears("pong 2")
	expect(t, told, "f:2")
	p.hears("ack 2")
	p.hangUp()
	expect(t, told, "lost")
	p = b.next(t)
	p.welcome("g:9")
	p.say(`{"t":"gap","why":"epoch","cursor":"g:9"}`)
	expect(t, told, "connected", "gap epoch to g:9")
	p.say(`{"t":"ping","n":3}`)
	p.hears("pong 3")
}

// G5, G7: on a handover the new connection stands before the old one is left, and overlaps are told once.
func TestAHandoverOpensTheNewConnectionFirst(t *testing.T) {
	b := newSwitchboard(t)
	b.deny = nil
	told, _ := b.read(t, EventOptions{})
	old := b.next(t)
	old.welcome("e:3")
	old.say(event(4))
	expect(t, told, "connected", "e:4")
	old.hears("ack 4")
	b.mu.Lock()
	b.deny = []http.HandlerFunc{refuses(lastcall.CodeDraining, "it is this node again")}
	b.mu.Unlock()
	old.say(`{"t":"drain","mode":"handover","after_ms":30,"deadline_ms":28000,"pending":[]}`)
	expect(t, told, "draining true 30ms")
	fresh := b.next(t) // after one that was refused, of which nobody is told
	if fresh.hello["resume"] != "e:4" {
		t.Errorf("resumes at %v", fresh.hello["resume"])
	}
	old.say(event(5))
	expect(t, told, "e:5") // the old one still serves: the new one has not welcomed yet
	old.hears("ack 5")
	fresh.welcome("e:4")
	expect(t, told, "connected")
	old.hears("bye")
	old.hangUp()
	fresh.say(event(5))
	fresh.hears("ack 5") // it has not got to know of the first one
	fresh.say(event(6))
	expect(t, told, "e:6")
	fresh.hears("ack 6")
}

// G7: what was dealt with on the old connection, while more was waiting there, is acknowledged there before it is left.
func TestAnAcknowledgementIsNotLostInAHandover(t *testing.T) {
	b := newSwitchboard(t)
	told, _ := b.read(t, EventOptions{})
	old := b.next(t)
	old.welcome("e:3")
	expect(t, told, "connected")
	old.say(`{"t":"drain","mode":"handover","after_ms":1,"deadline_ms":28000,"pending":[]}`)
	expect(t, told, "draining true 1ms")
	fresh := b.next(t)
	var more []string
	for seq := 4; seq < 4+ackEvery/2; seq++ {
		more = append(more, event(seq))
	}
	old.say(append(more, `{"t":"ping","n":1}`)...)
	old.hears("pong 1") // all of it is waiting to be told
	fresh.welcome("e:3")
	fresh.say(`{"t":"ping","n":2}`)
	fresh.hears("pong 2") // the new connection stands
	last := ""
	for at := range told { // after each, what comes next is taken from the old connection, or the new one is gone over to
		if at == "connected" {
			break
		}
		last = strings.TrimPrefix(at, "e:")
	}
	if last != "" {
		old.hears("ack " + last)
	}
	old.hears("bye")
}

// Whoever is sent on and wanted nowhere learns it there and then.
func TestAHandoverThatIsRefusedForGoodEndsTheReader(t *testing.T) {
	b := newSwitchboard(t)
	told, stop := b.read(t, EventOptions{})
	old := b.next(t)
	old.welcome("e:3")
	expect(t, told, "connected")
	b.mu.Lock()
	b.deny = []http.HandlerFunc{refuses(lastcall.CodeForbidden, "not you")}
	b.mu.Unlock()
	old.say(`{"t":"drain","mode":"handover","after_ms":1,"deadline_ms":28000,"pending":[]}`)
	expect(t, told, "draining true 1ms")
	if err := stopAfter(told, stop); lastcall.CodeOf(err) != lastcall.CodeForbidden {
		t.Errorf("it ended with %v", err)
	}
	old.hears("bye") // the server is not left to find out
}

// A service that restarts has given each client its time, and the clients keep it.
func TestAClientComesBackWhenItWasToldTo(t *testing.T) {
	b := newSwitchboard(t)
	b.c.jitter = func() float64 { return 0.99 } // without a time of its own it would be away for 10 s
	told, _ := b.read(t, EventOptions{})
	p := b.next(t)
	p.welcome("e:0")
	p.say(`{"t":"drain","mode":"finish","deadline_ms":28000,"pending":["7"]}`,
		`{"t":"drain","mode":"handover","after_ms":400,"deadline_ms":28000,"pending":[]}`)
	expect(t, told, "connected", "draining false 0s", "draining true 400ms")
	began := time.Now()
	p.close(websocket.StatusServiceRestart)
	expect(t, told, "lost")
	b.next(t).welcome("e:0")
	if d := time.Since(began); d < 200*time.Millisecond || d > 5*time.Second {
		t.Errorf("came back after %s", d)
	}
	expect(t, told, "connected")
}

func TestAReaderEnds(t *testing.T) {
	b := newSwitchboard(t)
	told, stop := b.read(t, EventOptions{})
	b.next(t).welcome("e:0")
	expect(t, told, "connected")
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("by its context: %v", err)
	}

	told, stop = b.read(t, EventOptions{})
	p := b.next(t)
	p.welcome("e:0")
	expect(t, told, "connected")
	p.close(4003)
	if c, ok := errors.AsType[*CloseError](stopAfter(told, stop)); !ok || c.Code != 4003 || !strings.Contains(c.Error(), "4003 why") {
		t.Errorf("by a code that says stay away: %v", c)
	}

	b.deny = []http.HandlerFunc{refuses(lastcall.CodeForbidden, "not you")}
	told, stop = b.read(t, EventOptions{})
	if err := stopAfter(told, stop); lastcall.CodeOf(err) != lastcall.CodeForbidden {
		t.Errorf("by a refusal: %v", err)
	}

	told, stop = b.read(t, EventOptions{})
	_ = b.next(t) // never welcomed: the context ends the handshake
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("in a handshake: %v", err)
	}
	expectEnd(t, told)
}

// stopAfter waits until the reader has ended by itself.
func stopAfter(told <-chan string, stop func() error) error {
	for range told {
		continue
	}
	return stop()
}

func expectEnd(t *testing.T, told <-chan string) {
	t.Helper()
	if m, open := <-told; open {
		t.Errorf("told %s after the end", m)
	}
}

// A frame that is none, or has no position where it needs one, ends the connection and not the reader.
func TestWhatIsNoFrameIsMetWithAnotherConnection(t *testing.T) {
	b := newSwitchboard(t)
	told, _ := b.read(t, EventOptions{})
	for _, bad := range []string{`no JSON`, `{"t":"event","seq":1,"cursor":"nowhere"}`} {
		p := b.next(t)
		p.welcome("e:0")
		p.say(bad)
		expect(t, told, "connected", "lost")
	}
	p := b.next(t)
	p.welcome("e:0")
	if err := p.conn.Write(t.Context(), websocket.MessageBinary, []byte(`{}`)); err != nil {
		t.Error(err)
	}
	expect(t, told, "connected", "lost")
	b.next(t).welcome("e:0")
	expect(t, told, "connected")
}

// A peer that is gone without a word is found out by its silence.
func TestSilenceEndsAConnection(t *testing.T) {
	l := &link{silence: time.Millisecond, quit: make(chan struct{}), frames: make(chan frame, 1)}
	fired := make(chan struct{}, 1)
	l.alive = time.AfterFunc(time.Hour, func() { fired <- struct{}{} })
	l.heard()
	<-fired
	close(l.quit)
	l.frames <- frame{}
	l.silence = time.Hour
	l.pass(frame{}) // nobody takes it, and it does not block either
	if text, err := json.Marshal(pong{T: "pong", N: 1}); err != nil || string(text) != `{"t":"pong","n":1}` {
		t.Errorf("%s, %v", text, err)
	}
	l.alive.Stop()
}
