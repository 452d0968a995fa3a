package ws

import (
	"bufio"
	"sync"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
	"github.com/lastcall-dev/lastcall/hub"
)

// conn is one connection. Its reader is a goroutine that lives as long as it does; its pump is one that comes and goes.
// Times count from the server's start.
type conn struct {
	srv     *Server
	ws      socket
	wire    wire
	in      *bufio.Reader   // what the library reads from
	raw     syscall.RawConn // under wire; nil if it cannot be waited on
	client  string
	service bool
	id      uint64
	since   time.Duration
	place   int // in Server.conns, under Server.mu

	mu      sync.Mutex
	work    work // what there is for the pump to do
	pumping bool // it runs
	ended   bool // the reader has gone: the pump is not started any more
	sub     *hub.Subscriber
	receipt receipt
	wanted  map[string]struct{} // tasks that are watched, by this subscriber and by any that takes its place

	// How it begins.
	begun bool // by a hello or by the lack of one
	hello bool
	at    hub.Start

	// Whether the peer is there.
	nextPing time.Duration
	asked    time.Duration // when it was pinged and has not been heard of since; 0: it has
	pings    int64         // ping frames so far
	payload  string        // of its own last ping, for the pong

	// What failed for want of the store, and when to try again; 0: nothing.
	failed work
	retry  time.Duration

	leaving leaving // how it is sent on to another node

	// How it ends.
	code   int // of the close frame, once it is decided
	reason string
	linger time.Duration // for the peer's answer
	closed bool          // the close frame has been written
}

// work is a set of things to do.
type work uint8

const (
	workClose work = 1 << iota
	workPong
	workBegin // subscribe, and say welcome
	workDrain
	workPing
	workNews // ask the subscriber
)

// Wake makes conn a hub.Waker.
func (c *conn) Wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.schedule(workNews)
}

// schedule gives the pump something to do, and starts it if it is not there. It wants c.mu held. While the reader lives
// the server's WaitGroup cannot be at zero, so that it is safe to add to it.
func (c *conn) schedule(w work) {
	c.work |= w
	if c.pumping || c.ended || c.closed {
		return
	}
	c.pumping = true
	c.srv.wg.Go(c.pump)
}

// closeLinger is how long a peer may take to answer a close frame.
const closeLinger = time.Second

// close has the pump say why, and end the connection. The first reason counts.
func (c *conn) close(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeLocked(code, reason, closeLinger)
}

func (c *conn) closeLocked(code int, reason string, linger time.Duration) {
	if c.ended { // it is parting already, and may take no longer for it than this
		_ = c.wire.SetReadDeadline(time.Now().Add(linger))
	}
	if c.code != 0 {
		c.linger = min(c.linger, linger)
		return
	}
	c.code, c.reason, c.linger = code, reason, linger
	c.schedule(workClose)
}

func (c *conn) closing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code != 0
}

// end is the last thing that the reader does. A pump that is still at it fails on the closed connection.
//
// A peer whose time to part has not begun with our close frame has as long from here on. It is measured out as c.ended is
// set, so that whoever wants it shorter either is here before or sees that, and has the last word.
func (c *conn) end(why error) {
	c.mu.Lock()
	c.ended = true
	if !c.closed {
		linger := closeLinger
		if c.code != 0 {
			linger = c.linger
		}
		_ = c.wire.SetReadDeadline(time.Now().Add(linger))
	}
	sub, code, closed := c.sub, c.code, c.closed
	c.mu.Unlock()
	if sub != nil {
		sub.Close()
	}
	c.part(why, closed)
	_ = c.wire.Close() // it may be closed already
	c.srv.remove(c)
	defer c.srv.wg.Done()
	c.srv.opts.Logger.Debug("socket closed", "client", c.client, "code", code, "slow", c.wire.slow.Load(), "cause", why)
}

// begin decides where the subscription starts, once by a hello, or by the lack of one. A hello that comes after that
// starts over: on a slow line it may be late through no fault of the client's.
func (c *conn) begin(at hub.Start, hello bool) {
	c.begun, c.hello, c.at = true, hello, at
	c.asked = 0
	c.schedule(workBegin)
}

// heard notes a sign of life. It wants c.mu held.
func (c *conn) heard() { c.asked = 0 }

// onPing answers the peer's ping through the pump; of several the last one is answered (RFC 6455, 5.5.3).
func (c *conn) onPing(payload string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.payload = payload
	c.schedule(workPong)
	return nil
}

// onPong takes the answer to one of our pings. For a client that said hello it is no sign of life, as it comes from the
// library below the client; it does say that what stood before the ping has arrived.
func (c *conn) onPong(payload string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.hello {
		c.heard()
	}
	if seq, ok := parsePing(payload); ok {
		c.receipt.pong(seq, c.srv.now())
	}
	return nil
}

// tick looks at the clock. It is called with Server.mu held.
func (c *conn) tick(now time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code != 0 || c.ended {
		return
	}
	if !c.begun && now-c.since >= c.srv.opts.HelloWait {
		c.begin(hub.Start{Head: true}, false)
	}
	if c.retry != 0 && now >= c.retry {
		c.retry = 0
		c.schedule(c.failed)
		c.failed = 0
	}
	if c.asked != 0 && now-c.asked >= c.srv.opts.Ping*4/5 {
		c.missing()
		return
	}
	if now >= c.nextPing {
		c.nextPing = now + c.srv.opts.Ping
		c.schedule(workPing)
	}
}

// missing ends a connection whose peer does not answer. One that never said hello has no use for a reason: to whom its
// library is still there, a cut connection says the same.
func (c *conn) missing() {
	if c.hello {
		c.closeLocked(CodeNoPong, "", closeLinger)
		return
	}
	_ = c.wire.Close() // the reader ends
}

// text and control write a frame; the pump's.
func (c *conn) text(b []byte) error { return c.ws.WriteMessage(websocket.TextMessage, b) }

func (c *conn) control(kind int, payload []byte) error {
	return c.ws.WriteControl(kind, payload, time.Time{}) // the wire keeps the time
}
