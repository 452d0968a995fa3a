package drain

import "time"

// A drain's fixed times, counted back from its one deadline:
//
//	SignalAt ─── lingerUntil ─ earlyWordAt ─── handBackAt ───── closeAt ── Deadline
//	                        │   StopTimeout   │   HandBack                │
//	                                          │ StopTimeout │ rest/2 │ rest/2 │
//
// where rest is what HandBack has beyond StopTimeout: half of it to give back
// what did not return, half of it to close.

// handBackAt is when what still runs is stopped, whatever it is.
func (p Plan) handBackAt(s State) time.Time { return s.Deadline.Add(-p.HandBack) }

// earlyWordAt is when running work is warned in a process that is alone.
func (p Plan) earlyWordAt(s State) time.Time { return p.handBackAt(s).Add(-p.StopTimeout) }

// lingerUntil is when the rest of the budget is needed: an announcement has to
// fit in, or, if none comes, a warning to what runs.
func (p Plan) lingerUntil(s State) time.Time {
	return p.handBackAt(s).Add(-max(p.StopTimeout, p.Announce.Min))
}

// closeAt is when closing begins at the latest.
func (p Plan) closeAt(s State) time.Time { return s.Deadline.Add(-p.closing()) }

// closing is the time that closing has at least.
func (p Plan) closing() time.Duration { return (p.HandBack - p.StopTimeout) / 2 }

// moment is what it takes to act on a time that has come.
func (p Plan) moment() time.Duration { return p.closing() / 4 }

// stopBy is when work that is stopped now must have returned: after StopTimeout,
// or sooner when HandBack begins late (a suspended machine) or in a hurry, which
// leaves half of the time to the work and half to giving it back.
func (p Plan) stopBy(s State, now time.Time) time.Time {
	left := p.closeAt(s).Sub(now)
	if s.Hurried.IsZero() {
		left -= p.closing()
	} else {
		left /= 2
	}
	return now.Add(max(0, min(p.StopTimeout, left)))
}

// spread is the time over which n clients are sent on: so many a second that a
// peer can take them in.
func (p Plan) spread(n int) time.Duration {
	return time.Duration(float64(n) / float64(p.HandoverRate) * float64(time.Second))
}

// Due says when Step may decide otherwise without a new look: the earliest of
// the state's times that is still to come. It is zero when there is none.
func Due(p Plan, s State, l Look, now time.Time) time.Time {
	var due time.Time
	for _, t := range times(p, s, l) {
		if t.After(now) && (due.IsZero() || t.Before(due)) {
			due = t
		}
	}
	return due
}

// times lists every moment that matters in a phase.
func times(p Plan, s State, l Look) []time.Time {
	switch s.Phase {
	case Linger:
		return []time.Time{p.lingerUntil(s), s.NoPeerUntil}
	case Announce:
		w := p.Announce
		quiet := later(s.Since, l.LastRequest).Add(w.Quiet)
		return []time.Time{s.Since.Add(w.Min), quiet, s.Since.Add(w.Max), p.handBackAt(s)}
	case Finish:
		return []time.Time{
			s.HandOverBy, s.NoPeerUntil, s.LeavingAt.Add(p.Announce.Min), p.earlyWordAt(s), p.handBackAt(s),
		}
	case HandBack:
		return []time.Time{p.closeAt(s), s.NoPeerUntil}
	default:
		return nil
	}
}

func reached(now, t time.Time) bool { return !now.Before(t) }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
