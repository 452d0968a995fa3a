package ws

import (
	"time"

	"github.com/gorilla/websocket"
	"github.com/lastcall-dev/lastcall/httpapi/frame"
	"github.com/lastcall-dev/lastcall/hub"
)

// drain is what clients are told of it.
type drain struct {
	since    time.Duration
	deadline time.Time
}

// Announce tells every client, and every one that comes later, that the node stops, and by when at the latest. From here
// on a protocol ping follows every result, so that Unserved knows what has arrived. Calling it again tells them anew.
func (s *Server) Announce(deadline time.Time) {
	d := &drain{since: s.now(), deadline: deadline}
	if old := s.drain.Load(); old != nil {
		d.since = old.since
	}
	s.drain.Store(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.announce()
	}
}

func (c *conn) announce() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell()
}

// tell has the client told how things stand; one that has had no welcome yet is told behind it. It wants c.mu held.
func (c *conn) tell() {
	if c.sub != nil {
		c.schedule(workDrain)
	}
}

// sayDrain tells the client how things stand.
func (c *conn) sayDrain(p *[]byte) error {
	d := c.srv.drain.Load()
	pending := c.srv.opts.Pending(c.client)
	if pending == nil {
		pending = []string{}
	}
	f := frame.Drain{T: "drain", Mode: frame.ModeFinish, DeadlineMS: max(0, time.Until(d.deadline).Milliseconds()), Pending: pending}
	c.mu.Lock()
	if after, going := c.leaving.after(c.srv.now()); going {
		f.Mode, f.AfterMS = frame.ModeHandover, new(after.Milliseconds())
	}
	c.leaving.told = f.Mode // before it is written: the client may be gone before the write returns
	c.mu.Unlock()
	if err := c.text(frame.Append((*p)[:0], f)); err != nil {
		return err
	}
	return c.askReceipt() // of a result that was on its way when the drain began
}

// Unserved counts the clients that a drain still waits for: those that have not been given all that is in their
// mailbox, as long as they take it, and those that have been given a result of which it is not known that it has
// arrived, for 2 s at most; one that has said hello and has no answer yet is among the first, for as long. A peer that
// does not read, is gone, or never answers is not waited for longer than that, whatever else it does, and one that came
// after Announce not at all. So are clients that are being sent on to another node, until 1 s after their moment at most. It
// goes by hints: hub.Sync makes up for those that were lost.
func (s *Server) Unserved() int {
	now := s.now()
	d := s.drain.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.conns {
		if (d == nil || c.since <= d.since) && (c.waits(now) || c.leavesSoon(now)) {
			n++
		}
	}
	return n
}

// waits reports whether the client still has something coming.
func (c *conn) waits(now time.Duration) bool {
	c.mu.Lock()
	sub, open := c.sub, c.receipt.open(now)
	greeted := c.hello && now-c.since < confirmWait // and that it comes to nothing if the store is away
	gone := c.ended || c.code != 0
	c.mu.Unlock()
	switch {
	case gone, c.wire.stuck(now) >= confirmWait:
		return false
	case sub == nil:
		return greeted
	}
	return open || sub.Behind() // not under c.mu
}

// Counts says what became of the connections of a drain.
type Counts struct {
	Served     int // were given results in the drain, all that they were due, and had them
	HandedOver int // sent on to another node, or gone there by themselves once told; some of them were served before
	Closed     int // all others
}

// closeAllLinger is how long a peer may take to answer a close frame when all are closed.
const closeAllLinger = 250 * time.Millisecond

// CloseAll closes every connection with the given code and returns when the last is gone, at the deadline at the latest:
// the close frames are sent to all at once, no peer's answer is waited for before the next, and what is not gone by then
// is cut. No connection is taken afterwards, and no goroutine is left.
func (s *Server) CloseAll(code int, deadline time.Time) Counts {
	conns := s.shut()
	for _, c := range conns {
		c.mu.Lock()
		c.closeLocked(code, "", closeAllLinger)
		c.mu.Unlock()
	}
	hub.Await(&s.wg, deadline, func() { s.cut(conns) })
	s.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// shut takes no connection any more, and returns those that there are.
func (s *Server) shut() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	return append([]*conn(nil), s.conns...)
}

// cut ends what is left without a word: writes, reads, and calls to the store.
func (s *Server) cut(conns []*conn) {
	s.stop()
	for _, c := range conns {
		_ = c.wire.Close() // it may be closed already
	}
}

// count notes what became of a connection that ends. It wants s.mu held.
func (s *Server) count(c *conn) {
	d := s.drain.Load()
	c.mu.Lock()
	defer c.mu.Unlock()
	r := &c.receipt
	served := d != nil && r.result > 0 && r.confirmed >= r.result && r.at >= d.since-confirmWait
	sent := c.leaving.gone(c.code, s.now())
	if served {
		s.counts.Served++
	}
	if sent {
		s.counts.HandedOver++
		s.opts.Told.Moved()
	}
	if s.closing && !served && !sent {
		s.counts.Closed++
	}
}

// turnAway closes a connection that came while all were being closed.
func turnAway(c *conn) {
	c.wire.patience = closeAllLinger
	_ = c.control(websocket.CloseMessage, websocket.FormatCloseMessage(CodeRestart, reasons[CodeRestart]))
	_ = c.wire.Close() // the peer may be gone
}
