package sse

import (
	"math/rand/v2"
	"time"

	"github.com/lastcall-dev/lastcall/hub"
)

// drain is what clients are told of it.
type drain struct {
	since    time.Time
	deadline time.Time
}

// Announce tells every client, and every one that comes later, that the node stops, and by when at the latest. Calling it
// again tells them anew.
func (s *Server) Announce(deadline time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &drain{since: time.Now(), deadline: deadline}
	if s.drain != nil {
		d.since = s.drain.since
	}
	s.drain = d
	s.wakeAll()
}

// HandOver sends clients on to another node, the last of them at by: each stream ends at a moment of its own, evenly spread
// from now on, with its client told to come back soon; a long-poll is answered then. Who waits for the result of a task
// that runs here stays, and is sent on when it has it. A stream that comes meanwhile is served and gets a moment too. A
// zero time takes it back: there is nowhere to go any more. Another time than before gives everyone who is still here a
// new moment; the same changes nothing.
func (s *Server) HandOver(by time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaveBy.Equal(by) {
		return
	}
	s.leaveBy = by
	now := time.Now()
	random := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	moments := hub.Moments(len(s.streams), 0, by.Sub(now), random)
	for st := range s.streams {
		st.moment = time.Time{}
		if !by.IsZero() {
			st.moment = now.Add(moments[0])
			moments = moments[1:]
		}
	}
	s.wakeAll()
}

// arrives gives a stream that comes during a hand-over a moment too. Where hardly any time is left it is not sent back at
// once: whoever sent it here has not looked elsewhere yet. It wants s.mu held.
func (s *Server) arrives(st *stream) {
	if !s.leaveBy.IsZero() {
		st.moment = st.since.Add(time.Duration(rand.Float64() * float64(max(time.Until(s.leaveBy), time.Second))))
	}
}

// wakeAll has every stream look at its orders. It wants s.mu held.
func (s *Server) wakeAll() {
	for st := range s.streams {
		st.Wake()
	}
}

// stuckWait is how long a write may be stuck before a drain stops waiting for it.
const stuckWait = 2 * time.Second

// Unserved counts the clients that a drain still waits for: those that have not been given all that is in their mailbox,
// or how the task ended whose run here they follow. A peer that does not read is not waited for longer than 2 s, and one
// that came after Announce not at all. It goes by hints: hub.Sync makes up for those that were lost.
func (s *Server) Unserved() int {
	s.mu.Lock()
	d := s.drain
	s.mu.Unlock()
	n := 0
	for _, st := range s.all() {
		if (d == nil || !st.since.After(d.since)) && st.stuck() < stuckWait && st.behind() {
			n++
		}
	}
	return n
}

// Counts says what became of the streams of a drain.
type Counts struct {
	Served     int // were given results in the drain
	HandedOver int // sent on to another node; some of them were served before
	Closed     int // all others
}

// count wants s.mu held.
func (s *Server) count(st *stream) {
	if st.served {
		s.counts.Served++
	}
	if st.sent {
		s.counts.HandedOver++
		s.opts.Told.Moved()
	}
	if s.closing && !st.served && !st.sent {
		s.counts.Closed++
	}
}

// CloseAll ends every stream, its client told when to come back, and answers every long-poll. It returns when the last is
// gone, at the deadline at the latest, when what is left is cut. A stream that comes afterwards is told the same and ends.
func (s *Server) CloseAll(deadline time.Time) Counts {
	s.mu.Lock()
	s.closing = true
	s.wakeAll()
	s.mu.Unlock()
	hub.Await(&s.gone, deadline, s.cut)
	s.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// cut ends what is left without a word: writes, and calls to the store.
func (s *Server) cut() {
	s.stop()
	s.mu.Lock() // no handler returns, and with it no ResponseWriter goes out of use, while its deadline is set
	for st := range s.streams {
		st.end()
	}
	s.mu.Unlock()
}
