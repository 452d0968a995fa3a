package ws

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/hub"
)

// pump writes what there is to write and ends. It goes round once for each batch, so that what is more urgent gets in
// between.
func (c *conn) pump() {
	p := c.srv.buffers.frame()
	defer c.srv.buffers.giveFrame(p)
	for {
		w := c.due()
		if w == 0 {
			return
		}
		err := c.do(w, p)
		if c.wire.slow.Load() {
			c.close(CodeSlowConsumer, "")
		}
		if err != nil {
			_ = c.wire.Close() // the reader ends, and with it everything
			return             // still counted as running: there will be no other
		}
	}
}

// due takes what there is to do; 0 if that is nothing, and then the pump counts as gone.
func (c *conn) due() work {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.work
	if c.code != 0 {
		w &= workClose // nothing else is of interest any more
	}
	if c.closed || c.ended {
		w = 0
	}
	c.work, c.pumping = 0, w != 0
	return w
}

// do does it, in the order of urgency. Its error is that of the connection.
func (c *conn) do(w work, p *[]byte) error {
	for _, step := range []struct {
		work work
		do   func(p *[]byte) error
	}{
		{workClose, c.sayClose},
		{workPong, c.sayPong},
		{workBegin, c.sayWelcome},
		{workDrain, c.sayDrain},
		{workPing, c.sayPing},
		{workNews, c.sayNews},
	} {
		if w&step.work == 0 {
			continue
		}
		if err := step.do(p); err != nil {
			return err
		}
	}
	return nil
}

// sayWelcome begins the subscription, or begins it again. Where the store cannot be had it is tried again later.
func (c *conn) sayWelcome(p *[]byte) error {
	c.mu.Lock()
	at := c.at
	c.mu.Unlock()
	sub, err := c.srv.hub.Subscribe(c.srv.ctx, c.client, at, c)
	if err != nil {
		return c.later(workBegin, err)
	}
	c.mu.Lock()
	old, early, ended := c.sub, c.early, c.ended
	c.sub, c.early = sub, nil
	c.receipt = receipt{acks: c.receipt.acks}
	c.mu.Unlock()
	if old != nil {
		old.Close()
	}
	if ended { // and has not seen this one
		sub.Close()
		return nil
	}
	from, head := sub.Place()
	err = c.text(appendJSON((*p)[:0], welcomeFrame{
		T: "welcome", Conn: strconv.FormatUint(c.id, 36), Node: c.srv.opts.Node, Client: c.client,
		Cursor: from.String(), Head: head, PingMS: c.srv.opts.Ping.Milliseconds(),
	}))
	if len(early) > 0 {
		_ = sub.Watch(early) // as many as it takes: that was checked
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.work |= workNews
	if c.srv.drain.Load() != nil {
		c.work |= workDrain
	}
	return err
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

// sayNews writes the subscriber's next batch, and goes round again unless it was empty.
func (c *conn) sayNews(p *[]byte) error {
	c.mu.Lock()
	sub := c.sub
	c.writing = sub != nil
	c.mu.Unlock()
	if sub == nil {
		return nil // it will be asked when it is there
	}
	b, err := sub.Next(c.srv.ctx)
	if err != nil {
		err = c.later(workNews, err)
	} else if !b.Empty() {
		err = c.sayBatch(&b, p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing = false
	if !b.Empty() {
		c.work |= workNews
	}
	return err
}

// sayBatch writes a batch, in its order, and, where it has more than one frame, in as few writes as will do.
func (c *conn) sayBatch(b *hub.Batch, p *[]byte) error {
	out := writer{c: c, p: p}
	if len(b.Events)+len(b.States) > 1 {
		gathered := c.srv.buffers.cork()
		defer c.srv.buffers.giveCork(gathered)
		c.wire.cork((*gathered)[:0])
		out.frames(b)
		out.err = errors.Join(out.err, c.wire.uncork())
	} else {
		out.frames(b)
	}
	if out.err != nil {
		return out.err
	}
	c.mu.Lock()
	c.receipt.wrote(c.srv.now())
	c.mu.Unlock()
	if c.srv.drain.Load() == nil {
		return nil
	}
	return c.askReceipt()
}

func (w *writer) frames(b *hub.Batch) {
	if g := b.Gap; g != nil {
		w.c.restart(g)
		w.json(gapFrame{T: "gap", Why: g.Why, From: g.From, To: g.To, Cursor: g.Cursor.String()})
	}
	for i := range b.Events {
		w.event(&b.Events[i], b.Epoch)
	}
	if b.Live != nil {
		w.json(liveFrame{T: "live", Cursor: b.Live.String()})
	}
	for i := range b.States {
		w.frame(appendState(w.buffer(), &b.States[i]))
	}
	for i := range b.Watched {
		w.json(watched(&b.Watched[i]))
	}
	for _, id := range b.Unknown {
		w.json(errorFrame{T: "error", Code: string(lastcall.CodeNotFound), Message: "watch: there is no task " + id})
	}
}

// restart forgets what has been confirmed when positions begin anew.
func (c *conn) restart(g *lastcall.Gap) {
	if g.Why == lastcall.GapExpired {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.receipt = receipt{acks: c.receipt.acks}
}

// writer writes frames until one fails, or the connection is to be closed.
type writer struct {
	c   *conn
	p   *[]byte
	err error
}

// buffer is empty, and the place to put a frame together.
func (w *writer) buffer() []byte { return (*w.p)[:0] }

func (w *writer) json(frame any) { w.frame(appendJSON(w.buffer(), frame)) }

func (w *writer) frame(b []byte) {
	*w.p = b
	if w.err == nil && !w.c.closing() && !w.c.wire.slow.Load() {
		w.err = w.c.text(b)
	}
}

func (w *writer) event(ev *lastcall.Event, epoch string) {
	w.c.mu.Lock()
	w.c.receipt.writes(ev.Seq, ev.Type.Terminal(), w.c.srv.now())
	w.c.mu.Unlock()
	w.frame(appendEvent(w.buffer(), ev, epoch))
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
	return c.text(appendJSON((*p)[:0], pingFrame{T: "ping", N: n}))
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
	code, reason, linger := c.code, c.reason, c.linger
	c.mu.Unlock()
	if reason != "" {
		if err := c.text(appendJSON((*p)[:0], errorFrame{T: "error", Code: reasons[code], Message: reason})); err != nil {
			return err
		}
	}
	if err := c.control(websocket.CloseMessage, websocket.FormatCloseMessage(code, reasons[code])); err != nil {
		return err
	}
	c.wire.closeWrite()
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	return c.wire.SetReadDeadline(time.Now().Add(linger))
}
