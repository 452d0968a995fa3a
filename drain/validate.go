package drain

import (
	"errors"
	"fmt"
	"time"
)

// Validate says in one sentence why a plan cannot be kept, or returns nil. It
// expects defaults to be filled in. A plan that does not fit its grace is
// refused at the start of the process: at its end it would be found out by
// SIGKILL.
func (p Plan) Validate() error {
	for _, check := range []func() error{p.validWords, p.validTimes, p.validAnnounce, p.fits} {
		if err := check(); err != nil {
			return fmt.Errorf("drain: %w", err)
		}
	}
	return nil
}

func (p Plan) validWords() error {
	switch {
	case p.Mode != ModeHandover && p.Mode != ModeRefuse:
		return fmt.Errorf("mode %q is not one of handover, refuse", p.Mode)
	case p.Backlog != BacklogAuto && p.Backlog != BacklogFinish && p.Backlog != BacklogLeave:
		return fmt.Errorf("backlog %q is not one of auto, finish, leave", p.Backlog)
	case p.Readiness != ReadinessEarly && p.Readiness != ReadinessLate:
		return fmt.Errorf("readiness %q is not one of early, late", p.Readiness)
	}
	return nil
}

func (p Plan) validTimes() error {
	parts := []struct {
		name string
		time.Duration
	}{
		{"grace", p.Grace},
		{"margin", p.Margin},
		{"hand_back", p.HandBack},
		{"stop_timeout", p.StopTimeout},
		{"announce.min", p.Announce.Min},
		{"announce.quiet", p.Announce.Quiet},
		{"announce.max", p.Announce.Max},
	}
	for _, part := range parts {
		if part.Duration <= 0 {
			return fmt.Errorf("%s must be more than zero, not %v", part.name, part.Duration)
		}
	}
	if p.HandoverRate <= 0 {
		return fmt.Errorf("handover.rate must be more than zero, not %d", p.HandoverRate)
	}
	return nil
}

func (p Plan) validAnnounce() error {
	w := p.Announce
	switch {
	case w.Min > w.Max:
		return fmt.Errorf("announce.min %v is longer than announce.max %v", w.Min, w.Max)
	case w.Quiet > w.Max:
		return fmt.Errorf("announce.quiet %v is longer than announce.max %v", w.Quiet, w.Max)
	case p.Linger && !p.Shared:
		return errors.New("linger waits for a peer, and nothing here is shared with one")
	}
	return nil
}

// fits adds the parts up, in the order in which they are taken off the grace.
func (p Plan) fits() error {
	used := p.Margin + p.HandBack
	switch {
	case p.HandBack <= p.StopTimeout:
		return fmt.Errorf("hand_back %v must be longer than stop_timeout %v: what does not return in time has to be given back afterwards",
			p.HandBack, p.StopTimeout)
	case used >= p.Grace:
		return fmt.Errorf("margin %v and hand_back %v leave nothing of a grace of %v: raise the grace above %v, or lower hand_back and stop_timeout",
			p.Margin, p.HandBack, p.Grace, used)
	case p.Shared && p.Mode == ModeHandover && used+p.Announce.Min > p.Grace:
		return fmt.Errorf("announce.min %v does not fit a grace of %v less margin %v and hand_back %v: raise the grace to %v or more",
			p.Announce.Min, p.Grace, p.Margin, p.HandBack, used+p.Announce.Min)
	case p.lingers(Look{}) && used+max(p.StopTimeout, p.Announce.Min) >= p.Grace:
		return fmt.Errorf("linger has no time left in a grace of %v: raise it above %v, or turn linger off",
			p.Grace, used+max(p.StopTimeout, p.Announce.Min))
	}
	return nil
}
