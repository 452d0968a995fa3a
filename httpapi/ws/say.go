package ws

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/frame"
	"github.com/lastcall-dev/lastcall/hub"
)

// What the connection itself has to say, beside its subscriber's news. All of it belongs to the pump.

// sayWelcome begins the subscription, or begins it again. Where the store cannot be had it is tried again later.
func (c *conn) sayWelcome(p *[]byte) error {
	c.mu.Lock()
	at := c.at
	c.mu.Unlock()
	sub, err := c.srv.hub.Subscribe(c.srv.ctx, c.client, at, c)
	if err != nil {
		return c.later(workBegin, err)
	}
	if !c.install(sub) {
		sub.Close()
		return nil
	}
	from, head := sub.Place()
	err = c.text(frame.Append((*p)[:0], frame.Welcome{
		T: "welcome", Conn: strconv.FormatUint(c.id, 36), Node: c.srv.opts.Node, Client: c.client,
		Cursor: from.String(), Head: head, PingMS: c.srv.opts.Ping.Milliseconds(),
	}))
	if err != nil {
		return err
	}
	c.handOn(sub)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.work |= workNews
	if c.srv.drain.Load() != nil {
		c.work |= workDrain
	}
	return nil
}

// install takes a subscriber into use. It is false if nobody has any more use for it: the reader has ended and would not
// close it, or a hello has come meanwhile and it starts in the wrong place.
func (c *conn) install(sub *hub.Subscriber) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.work&workBegin != 0 {
		return false
	}
	c.sub = sub
	c.failed &^= workBegin // that of an earlier start, which this one makes good
	c.receipt = receipt{acks: c.receipt.acks}
	return true
}

// storeRetry is when a connection asks again that could not be served for want of the store.
const storeRetry = time.Second

// later puts off what the store did not allow, or ends the connection if that is not how it is with the store.
func (c *conn) later(w work, err error) error {
	switch {
	case c.srv.ctx.Err() != nil:
		return err // everything ends
	case lastcall.CodeOf(err) == lastcall.CodeStoreUnavailable, errors.Is(err, context.DeadlineExceeded):
		c.mu.Lock()
		defer c.mu.Unlock()
		c.failed |= w
		c.retry = c.srv.now() + storeRetry
	default:
		c.srv.opts.Logger.Error("socket cannot be served", "client", c.client, "error", err)
		c.close(CodeInternal, "")
	}
	return nil
}

// sayPong answers the peer's last ping.
func (c *conn) sayPong(*[]byte) error {
	c.mu.Lock()
	payload := c.payload
	c.payload = ""
	c.mu.Unlock()
	return c.control(websocket.PongMessage, []byte(payload))
}

// sayPing asks whether the peer is there: a client that said hello itself, the library of any other.
func (c *conn) sayPing(p *[]byte) error {
	c.mu.Lock()
	hello := c.hello
	c.pings++
	n := c.pings
	if c.asked == 0 {
		c.asked = c.srv.now() // before it is written: the answer may be here before the write returns
	}
	c.mu.Unlock()
	if !hello {
		return c.protocolPing()
	}
	return c.text(frame.Append((*p)[:0], frame.Ping{T: "ping", N: n}))
}

// protocolPing writes a ping that carries the position of the last event before it, so that its pong says that the event
// has arrived.
func (c *conn) protocolPing() error {
	c.mu.Lock()
	seq := c.receipt.ping(c.srv.now())
	c.mu.Unlock()
	return c.control(websocket.PingMessage, strconv.AppendInt(nil, seq, 10))
}

// parsePing reads the payload of a pong; not ok if it is none of ours.
func parsePing(payload string) (seq int64, ok bool) {
	seq, err := strconv.ParseInt(payload, 10, 64)
	return seq, err == nil && seq >= 0
}

// askReceipt pings behind a result whose arrival is not known.
func (c *conn) askReceipt() error {
	c.mu.Lock()
	wants := c.receipt.wantsPing(c.srv.now())
	c.mu.Unlock()
	if !wants {
		return nil
	}
	return c.protocolPing()
}

// sayClose writes why the connection ends, and ends its own half of it. The reader waits for the peer's.
func (c *conn) sayClose(p *[]byte) error {
	c.mu.Lock()
	code, reason := c.code, c.reason
	c.mu.Unlock()
	if reason != "" {
		if err := c.text(frame.Append((*p)[:0], frame.Error{T: "error", Code: reasons[code], Message: reason})); err != nil {
			return err
		}
	}
	if err := c.control(websocket.CloseMessage, websocket.FormatCloseMessage(code, reasons[code])); err != nil {
		return err
	}
	c.wire.closeWrite()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.ended { // the peer's time has begun
		return nil
	}
	return c.wire.SetReadDeadline(time.Now().Add(c.linger))
}
