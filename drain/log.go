package drain

import (
	"errors"
	"time"
)

// What a drain says on the log: one line a call, one a phase, and the report.

func (r *run) logHeard(call string, first, hurried bool) {
	log, s := r.options.Logger, r.state
	switch {
	case first:
		log.Info("drain begins", "signal", call, "deadline_in_ms", time.Until(s.Deadline).Milliseconds())
	case hurried:
		log.Warn("drain hurries: once more leaves at once", "signal", call)
	case call == Interrupt && !s.Leaves():
		log.Info("already draining: once more hands back at once", "signal", call)
	default:
		log.Info("already draining", "signal", call, "phase", s.Phase)
	}
}

// logPhase logs a phase once, however often the orders change in it.
func (r *run) logPhase(s State) {
	if s.Phase == r.logged {
		return
	}
	r.logged = s.Phase
	r.options.Logger.Info("drain phase",
		"phase", s.Phase, "peer", s.Peer,
		"busy", r.look.Busy, "backlog", r.look.Backlog,
		"unserved", r.look.Unserved, "clients", r.look.Clients,
		"left_ms", time.Until(s.Deadline).Milliseconds())
}

func (r *run) logDeclined(err error) {
	if errors.Is(err, ErrNoPeer) {
		r.options.Logger.Info("drain: the peer is going too", "phase", r.state.Phase)
		return
	}
	r.options.Logger.Warn("drain: announce", "error", err)
}

func (r *run) logTurn(to Phase, err error) {
	r.options.Logger.Warn("drain: the service failed a phase; going on", "phase", to, "error", err)
}
