package ws

import (
	"math/rand/v2"
	"time"

	"github.com/lastcall-dev/lastcall/httpapi/frame"
	"github.com/lastcall-dev/lastcall/hub"
)

const (
	// leaveTick is how exactly a connection's moment is kept.
	leaveTick = 20 * time.Millisecond
	// leaveLook is how often one that waits for something is asked whether it still does.
	leaveLook = 100 * time.Millisecond
	// leaveOverlap is how long a client that opens its new connection first keeps the old one beside it, and how long
	// one that does not read may take to be told that it is to go.
	leaveOverlap = time.Second
)

// HandOver sends clients on to another node, the last of them at by: each is told a moment of its own and closed then with
// 1012, evenly spread from now on. Who waits for the result of a task that runs here, or has one on its way, stays, and is
// sent on when it has it. A connection that comes meanwhile is served and gets a moment too. A zero time takes it back:
// there is nowhere to go any more, and who is still here stays. Another time than before gives everyone who is still here
// a new moment; the same changes nothing. No peer's answer is waited for, and the spread does not depend on any.
func (s *Server) HandOver(by time.Time) {
	var leaveBy time.Duration
	if !by.IsZero() {
		leaveBy = max(1, by.Sub(s.start))
		// Who is sent on is told of a drain, announced or not.
		s.drain.CompareAndSwap(nil, &drain{since: s.now(), deadline: by})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaveBy == leaveBy {
		return
	}
	s.leaveBy = leaveBy
	select {
	case s.repace <- struct{}{}:
	default: // it has not been heard yet
	}
	if leaveBy == 0 {
		for _, c := range s.conns {
			c.stay()
		}
		return
	}
	random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	for i, moment := range hub.Moments(len(s.conns), s.now(), leaveBy, random) {
		s.conns[i].leave(moment)
	}
}

func (s *Server) handingOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leaveBy != 0
}

// arrives gives a connection that comes during a hand-over a moment too. Where hardly any time is left it is not sent back
// at once: whoever sent it here has not looked elsewhere yet. It wants s.mu held.
func (s *Server) arrives(c *conn) {
	if s.leaveBy != 0 {
		now := s.now()
		c.leave(now + time.Duration(rand.Float64()*float64(max(s.leaveBy-now, leaveOverlap))))
	}
}

// sendOn goes through those who are to be sent on. What a connection waits for is asked outside the lock, as others are
// asked for it.
func (s *Server) sendOn() {
	now := s.now()
	var due []*conn
	s.mu.Lock()
	if s.leaveBy != 0 {
		for _, c := range s.conns {
			if c.leavingDue(now) {
				due = append(due, c)
			}
		}
	}
	s.mu.Unlock()
	for _, c := range due {
		c.sendOn(now)
	}
}

// leaving is how a connection is sent on. Times count from the server's start.
type leaving struct {
	moment time.Duration // its own; 0: it stays
	look   time.Duration // when it is looked at again
	going  bool          // it waits for nothing here: it is told its moment, and goes then
	told   frame.Mode    // by its last drain frame, which may be on its way
	sure   bool          // its mailbox has been looked at since a task of its own was last seen to run here
	sent   bool          // it has been closed for it
	moves  bool          // it opens its new connection before this one is closed
}

// after is the time until the client is to leave, if it is.
func (l *leaving) after(now time.Duration) (d time.Duration, going bool) {
	return max(0, l.moment-now), l.going
}

// due is when the connection is closed: a client that moves by itself is given the time to.
func (l *leaving) due() time.Duration {
	if l.moves {
		return l.moment + leaveOverlap
	}
	return l.moment
}

// leavesSoon reports whether the client is about to be told to go, or to go: with few clients that is a matter of
// milliseconds, and to be closed with all others, with no word of when to come back, would cost it seconds.
func (c *conn) leavesSoon(now time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.leaving
	return l.moment != 0 && c.code == 0 && !c.ended && now < l.moment+leaveOverlap
}

// gone reports whether a connection that ended with the given close code of ours, 0 for none, ended by the hand-over.
func (l *leaving) gone(code int, now time.Duration) bool {
	switch {
	case l.sent:
		return true
	case code == CodeRestart:
		return l.told == frame.ModeHandover && now >= l.moment
	}
	return l.told == frame.ModeHandover && (code == 0 || code == CodeNormal)
}

// leave gives the connection a moment. Whether it is to go, the next tick finds out.
func (c *conn) leave(moment time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving.moment, c.leaving.look, c.leaving.going = moment, 0, false
}

// stay takes it back.
func (c *conn) stay() {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.leaving
	l.moment = 0
	if l.going {
		l.going = false
		c.tell()
	}
}

// leavingDue reports whether it is time to look at the connection.
func (c *conn) leavingDue(now time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &c.leaving
	return l.moment != 0 && now >= l.look && c.code == 0 && !c.ended
}

// sendOn tells the client to go, if it waits for nothing, and closes the connection when it is time. Before that its
// mailbox is looked at once more: a run ends in the store first, and the hint to it may be slow, or lost (G7).
func (c *conn) sendOn(now time.Duration) {
	busy := len(c.srv.opts.Pending(c.client)) > 0
	waits := c.waits(now)
	c.mu.Lock()
	sub, recheck := c.sub, false
	switch l := &c.leaving; {
	case l.moment == 0 || c.code != 0 || c.ended: // it has been taken back meanwhile, or come to nothing
	case busy || waits:
		l.sure = l.sure && !busy
		l.look = now + leaveLook
		if l.going {
			l.look = now + leaveTick // it has been told to go, and does as soon as it can
		} else if l.told == "" {
			c.tell()
		}
	case !l.going && (l.sure || now < l.moment):
		l.going = true
		l.moment = max(l.moment, now)
		l.look = max(now, l.due())
		c.tell()
	case !l.sure && sub != nil:
		l.sure, recheck = true, true
	case l.told != frame.ModeHandover && sub != nil && now < l.due()+leaveOverlap: // the frame is on its way
	default:
		l.sent = true
		c.closeLocked(CodeRestart, "", closeLinger)
	}
	c.mu.Unlock()
	if recheck {
		sub.Recheck() // not under c.mu
	}
}
