package drain

import "time"

// A Phase is one stretch of the orderly stop. Phases are passed in the order
// of the constants; any may be skipped, and only one way leads back: from
// Announce to Linger, when the last peer is gone before anything was given up.
type Phase string

// The phases.
const (
	Ready    Phase = "ready"     // serving; nobody has asked this process to stop
	Linger   Phase = "linger"    // asked to stop, and nobody there to take over yet: all goes on as before
	Announce Phase = "announce"  // a peer is there: begin nothing new, serve whatever still comes
	Finish   Phase = "finish"    // what runs goes on to its end, and its clients get their answers
	HandBack Phase = "hand_back" // what still runs is stopped and given back
	Closed   Phase = "closed"    // listeners, then stores; the report; exit
)

// A Look is what a service can say about itself at one moment. It is all that
// Step knows of the world besides the time.
type Look struct {
	// Peer: another process is fit to take over, now. It counts only where
	// Plan.Shared says that a peer could go on with this process's work.
	Peer bool
	// Coming: another process is there and nobody has told it to stop, but it is
	// not known to be fit yet. It is worth waiting for, whatever Plan.Linger says.
	Coming bool
	// Busy counts the units of work that run here, whatever a unit is.
	Busy int
	// Backlog counts the work that is due and waits for this process.
	Backlog int
	// Unserved counts the clients connected here that wait for the answer of
	// work done here. Work must not leave Busy before its client is counted
	// here, or the drain may close between the two.
	Unserved int
	// Clients counts every long-lived connection, the unserved ones included.
	Clients int
	// LastRequest is when the last request came that was neither a probe nor
	// a scrape. A Drainer fills it in itself when its Count sees the requests.
	LastRequest time.Time
}

// A State is where a drain stands: all that Step remembers. The times carry a
// monotonic reading, so that a step of the wall clock moves nothing.
type State struct {
	Phase Phase
	Since time.Time // the beginning of Phase

	Signal     string    // why the drain began: "SIGTERM", or the reason given to Start
	SignalAt   time.Time // when it began
	Deadline   time.Time // when everything must be over: the grace less the margin
	Interrupts int       // how many SIGINTs came
	Hurried    time.Time // when the second of them came; zero: it did not

	Peer        bool      // the last look saw a peer
	Coming      bool      // or somebody who may soon be one
	NoPeerUntil time.Time // announce was declined: no peer is believed before this
	Unsure      bool      // …as nobody could say whether there is one: till then somebody is coming
	LeavingAt   time.Time // when others were first told to look elsewhere; zero: not yet
	EarlyWord   bool      // running work has been told that the end is near
	HandOverBy  time.Time // when the last client is to be sent on to the peer; zero: they stay
	StopBy      time.Time // when stopped work must have returned; zero: it goes on
}

// Told reports whether the process was asked to stop.
func (s State) Told() bool { return !s.SignalAt.IsZero() }

// Step says where a drain stands at now. It is called when a look is new and at
// the times Due asks for, and moves by one phase at most. It has no clock and
// no side effect: what to do in a state is said by its Orders.
func Step(p Plan, s State, l Look, now time.Time) State {
	if !s.Told() || s.Phase == Closed {
		return s
	}
	if !reached(now, s.NoPeerUntil) {
		// The store knows better than the look, or did not answer.
		l.Coming = l.Coming || l.Peer && s.Unsure
		l.Peer = false
	}
	if next := after(p, s, l, now); next != s.Phase {
		s = s.enter(p, next, now)
	}
	return s.note(p, l, now)
}

// after chooses the phase that follows s. Its cases stand in order of
// strength: time beats facts, and facts beat wishes.
func after(p Plan, s State, l Look, now time.Time) Phase {
	switch {
	case s.Phase == HandBack:
		// Nothing is left to stop and everyone knows where their work stands
		// (G7), or no time is left to wait for either.
		if (l.Busy == 0 && l.Unserved == 0) || reached(now, p.closeAt(s)) {
			return Closed
		}
		return HandBack

	case !s.Hurried.IsZero() || reached(now, p.handBackAt(s)):
		return HandBack

	case s.Phase == Finish:
		// Even with nothing left the way leads through HandBack: it closes the
		// door behind work that began between the look and now.
		if finished(p, s, l, now) {
			return HandBack
		}
		return Finish

	case s.Phase == Announce && p.mayHandOver(l):
		if announced(p, s, l, now) {
			return Finish
		}
		return Announce

	case p.handsOver(l):
		return Announce

	case p.lingers(l) && !reached(now, p.lingerUntil(s)):
		return Linger

	default:
		return Finish
	}
}

// announced reports whether the balancers have had the time to look elsewhere
// and seem to do so. Quiet is measured from the announcement too: a silence
// from before it says nothing.
func announced(p Plan, s State, l Look, now time.Time) bool {
	w := p.Announce
	quietSince := later(s.Since, l.LastRequest)
	return reached(now, s.Since.Add(w.Max)) ||
		reached(now, s.Since.Add(w.Min)) && reached(now, quietSince.Add(w.Quiet))
}

// finished reports whether nothing and nobody is left that this process must
// wait for. Clients who wait for nothing here are waited for only while they
// are being sent on, and no longer than that was planned to take.
func finished(p Plan, s State, l Look, now time.Time) bool {
	switch {
	case l.Busy > 0 || l.Unserved > 0:
		return false
	case l.Backlog > 0 && p.worksOff(p.others(l)):
		return false
	case !p.mayHandOver(l):
		return true
	case !p.seen(s, now):
		return false
	case l.Clients == 0:
		return true
	default:
		return !s.HandOverBy.IsZero() && reached(now, s.HandOverBy)
	}
}

// seen reports whether those who send requests here have had the time to find
// out that this process leaves: with a peer the door stays open until then,
// also where there was no announcement, as the peer came late.
func (p Plan) seen(s State, now time.Time) bool {
	return p.Readiness == ReadinessLate || reached(now, s.LeavingAt.Add(p.Announce.Min))
}

// enter moves to a phase. What a phase fixes for its whole length is fixed here.
func (s State) enter(p Plan, next Phase, now time.Time) State {
	s.Phase, s.Since = next, now
	if s.LeavingAt.IsZero() && (next == Announce || next == Finish) {
		s.LeavingAt = now
	}
	if next == HandBack {
		s.StopBy = p.stopBy(s, now)
	}
	return s
}

// note keeps of a look what orders depend on.
func (s State) note(p Plan, l Look, now time.Time) State {
	s.Peer, s.Coming = p.peer(l), p.coming(l)
	switch s.Phase {
	case Announce, HandBack, Closed:
		s.EarlyWord = true
	default:
		// Alone there is nothing to announce, and work gets the word when
		// StopTimeout is left before it is stopped. It is never taken back.
		s.EarlyWord = s.EarlyWord || reached(now, p.earlyWordAt(s))
	}
	if s.Phase == Finish {
		s = s.handOver(p, l, now)
	}
	return s
}

// handOver begins to send clients on when there is somewhere to go, and stops
// when there no longer is. A peer that is late with an answer stops nothing.
func (s State) handOver(p Plan, l Look, now time.Time) State {
	switch {
	case !p.mayHandOver(l):
		s.HandOverBy = time.Time{}
	case p.handsOver(l) && s.HandOverBy.IsZero():
		s.HandOverBy = earlier(now.Add(p.spread(l.Clients)), p.handBackAt(s))
	}
	return s
}

// Decline takes back a move to Announce that Enter refused: another process
// went first, and two that go down together must not take each other for the
// one that stays. Unsure, it is taken back because nobody could say. The peer is
// looked for again after a second.
func Decline(s State, unsure bool, now time.Time) State {
	s.NoPeerUntil, s.Unsure = now.Add(declined), unsure
	return s
}

// declined is how long a refused announcement is not tried again.
const declined = time.Second
