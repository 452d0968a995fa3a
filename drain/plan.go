package drain

import (
	"os"
	"time"
)

// A Plan is how a process means to stop: one grace, and how it is shared out.
// A zero field means its default; see WithDefaults.
type Plan struct {
	// Grace is the time the platform gives between SIGTERM and SIGKILL
	// (terminationGracePeriodSeconds, TimeoutStopSec, docker stop -t): 30 s.
	Grace time.Duration
	// Margin is kept free at the end of the grace: 1 s.
	Margin time.Duration
	// HandBack is how long before the deadline running work is stopped: 7 s.
	HandBack time.Duration
	// StopTimeout is the part of HandBack that stopped work has to return: 5 s.
	StopTimeout time.Duration

	// Mode says what to do with a peer: hand over to it, or take no notice.
	Mode Mode
	// Backlog says what becomes of work that is due and has not begun.
	Backlog Backlog
	// Readiness says when a balancer is told to look elsewhere.
	Readiness Readiness

	// Shared: the work outlives this process where peers can reach it. Without
	// it a process is always alone, whatever its Look says of peers.
	Shared bool
	// Linger: wait for a peer while there is none and time allows. One that is
	// coming is waited for in any case.
	Linger bool
	// Heir: the listener is somebody else's, who keeps it open after this process
	// and starts another for whoever connects (socket activation). There is no peer
	// then, and still nobody has to be refused: what is taken in is the next one's
	// to do. ModeRefuse takes no notice of it.
	Heir bool
	// Announce is how long everything is still served once a peer is there.
	Announce Window
	// HandoverRate is how many clients a second are sent on to the peer: 500.
	HandoverRate int

	// Kubernetes changes two defaults: Readiness is late and Announce.Min 3 s,
	// because there the platform itself takes a stopping pod out of rotation.
	Kubernetes bool
}

// Window bounds the announcement: until nothing new came for Quiet (1 s), not
// before Min (7 s, 3 s under Kubernetes, or what the grace leaves if that is
// less: at least the balancer's probe interval times its failure threshold, and
// a second), at the latest Max (15 s).
type Window struct{ Min, Quiet, Max time.Duration }

// Mode says what a peer means for a drain.
type Mode string

// The modes.
const (
	ModeHandover Mode = "handover" // a peer takes over; nothing is refused while there is one (default)
	ModeRefuse   Mode = "refuse"   // new work is refused from the signal on, peer or not
)

// Backlog says what becomes of due work that has not begun.
type Backlog string

// The backlog policies.
const (
	// BacklogAuto works it off while alone, and leaves it to a peer when there is one (default).
	BacklogAuto Backlog = "auto"
	// BacklogFinish works it off here in Finish, peer or not, as long as the deadline allows.
	BacklogFinish Backlog = "finish"
	// BacklogLeave begins nothing: it stays where it is for whoever comes.
	BacklogLeave Backlog = "leave"
)

// Readiness says when /readyz turns.
type Readiness string

// The readiness rules.
const (
	ReadinessEarly Readiness = "early" // with Announce (default)
	ReadinessLate  Readiness = "late"  // with Finish (default under Kubernetes)
)

// OnKubernetes reports whether this process runs in a pod.
func OnKubernetes() bool { return os.Getenv("KUBERNETES_SERVICE_HOST") != "" }

// WithDefaults gives every zero field its default.
func (p Plan) WithDefaults() Plan {
	readiness, least := ReadinessEarly, 7*time.Second
	if p.Kubernetes {
		readiness, least = ReadinessLate, 3*time.Second
	}
	def(&p.Grace, 30*time.Second)
	def(&p.Margin, time.Second)
	def(&p.HandBack, 7*time.Second)
	def(&p.StopTimeout, 5*time.Second)
	def(&p.Mode, ModeHandover)
	def(&p.Backlog, BacklogAuto)
	def(&p.Readiness, readiness)
	if room := p.Grace - p.Margin - p.HandBack; room > 0 && room < least {
		least = room // a short grace must not keep a process from starting that may never have a peer
	}
	def(&p.Announce.Min, least)
	def(&p.Announce.Quiet, time.Second)
	def(&p.Announce.Max, 15*time.Second)
	def(&p.HandoverRate, 500)
	return p
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// peer reports whether a look shows somebody who can go on with the work.
func (p Plan) peer(l Look) bool { return p.Shared && l.Peer }

// handsOver reports whether there is a peer and clients may be sent to it.
func (p Plan) handsOver(l Look) bool { return p.Mode == ModeHandover && p.peer(l) }

// coming reports whether a look shows somebody who may soon be a peer.
func (p Plan) coming(l Look) bool { return p.Shared && l.Coming }

// others reports whether a look shows anybody who can go on with the work, now
// or soon.
func (p Plan) others(l Look) bool { return p.peer(l) || p.coming(l) }

// mayHandOver reports whether clients may be sent on to somebody, now or soon.
func (p Plan) mayHandOver(l Look) bool { return p.Mode == ModeHandover && p.others(l) }

// lingers reports whether waiting for a peer can do any good.
func (p Plan) lingers(l Look) bool {
	return p.Mode == ModeHandover && p.Shared && (p.Linger || l.Coming)
}

// worksOff reports whether due work is begun here while finishing; others may be
// there to do it. For an heir it is left too: nothing is refused then, and work that
// still arrives would make an end of it that never comes.
func (p Plan) worksOff(others bool) bool {
	return p.Backlog == BacklogFinish || p.Backlog == BacklogAuto && !others && !p.leavesToHeir()
}

// leavesToHeir reports whether another process is sure to come when this one has
// ended, and may be left what arrives until then.
func (p Plan) leavesToHeir() bool { return p.Heir && p.Mode == ModeHandover }
