package drain

import "time"

// Orders are what a state means for the service: switches that hold until the
// next orders, not events. Carrying out the same orders twice changes nothing.
type Orders struct {
	Phase Phase
	// Ready is what a balancer is to be told (/readyz).
	Ready bool
	// Claim: work that waits may be begun here.
	Claim bool
	// Refuse: new work from outside is to be refused (503). Without it
	// whatever arrives is served, in every phase.
	Refuse bool
	// EarlyWord: running work is to be told, once, that the end is near while
	// there is still time to wind up.
	EarlyWord bool
	// HandOverBy, unless zero: clients who wait for nothing here are to be sent
	// on to the peer, each at a moment of its own, the last of them at this time.
	// Zero: they stay where they are.
	HandOverBy time.Time
	// StopBy, unless zero: running work is to be stopped now, and what has not
	// returned at this time is to be given back without it.
	StopBy time.Time
	// Deadline is when everything must be over; zero while nobody has asked.
	Deadline time.Time
}

// Orders says what a state means for the service.
func (s State) Orders(p Plan) Orders {
	// Somebody who is there and late with an answer may have been a peer a moment
	// ago and be one again: to refuse meanwhile would be to refuse for nothing.
	others := s.Peer || s.Coming
	alone := !others || p.Mode == ModeRefuse
	// Before the only process that listens there, a balancer has nowhere else to
	// send to: one that is told to look elsewhere refuses everything (G6).
	only := p.leavesToHeir() && !others
	o := Orders{
		Phase: s.Phase, EarlyWord: s.EarlyWord,
		HandOverBy: s.HandOverBy, StopBy: s.StopBy, Deadline: s.Deadline,
	}
	switch s.Phase {
	case Ready, Linger:
		o.Ready, o.Claim = true, true
	case Announce:
		// Under readiness late the platform takes this process out of rotation
		// by itself; saying "not ready" as well would lose the requests that
		// it still sends here (G6).
		o.Ready = p.Readiness == ReadinessLate
	case Finish:
		o.Ready, o.Claim, o.Refuse = only, p.worksOff(others), alone && !only
	case HandBack, Closed:
		o.Ready, o.Refuse = only, alone && !only
	}
	return o
}
