package drain

import (
	"fmt"
	"strings"
	"time"
)

// simulation is a Drainer without goroutines, clock or service: facts are set
// by hand, looks cost no time, and every turn is written down. After every move
// it checks what must hold in any drain.
type simulation struct {
	plan     Plan
	state    State
	look     Look
	now      time.Time
	start    time.Time
	declines int
	// unanswered is how many announcements the store will not answer.
	unanswered int
	told       Orders // what the service was told last
	turns      []string
	broken     error // the first promise that did not hold
}

func simulate(p Plan) *simulation {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := &simulation{plan: p, state: State{Phase: Ready, Since: start}, now: start, start: start}
	s.told = s.state.Orders(p)
	return s
}

// until lets time pass, stopping wherever Due says that something may happen.
func (s *simulation) until(at time.Time) {
	for {
		due := Due(s.plan, s.state, s.look, s.now)
		if due.IsZero() || due.After(at) {
			break
		}
		s.dozeTo(due)
		s.now = due
		s.settle()
	}
	s.now = at
	s.settle()
}

// dozeTo checks that nothing would have happened just before the time Due named.
func (s *simulation) dozeTo(due time.Time) {
	before := due.Add(-1)
	if s.state.Leaves() {
		return // nobody asks any more
	}
	if before.After(s.now) && Step(s.plan, s.state, s.look, before).Orders(s.plan) != s.told {
		s.breaks("Due overslept: orders change before %v", due.Sub(s.start))
	}
}

func (s *simulation) hear(call string) {
	s.state = Hear(s.plan, s.state, call, s.now)
	if s.state.Leaves() {
		s.turns = append(s.turns, fmt.Sprintf("%v exit %d", s.now.Sub(s.start), ExitInterrupted))
	}
}

// settle steps until nothing moves any more.
func (s *simulation) settle() {
	for range 20 {
		if s.state.Leaves() || s.state.Phase == Closed {
			return // Run asks for nothing more
		}
		next := Step(s.plan, s.state, s.look, s.now)
		if next.Orders(s.plan) == s.told {
			s.state = next
			return
		}
		if next.Phase == Announce && s.state.Phase != Announce && s.declines > 0 {
			s.declines--
			s.state = Decline(s.state, false, s.now)
			s.turns = append(s.turns, fmt.Sprintf("%v announce declined", s.now.Sub(s.start)))
			continue
		}
		if next.Phase == Announce && s.state.Phase != Announce && s.unanswered > 0 {
			s.unanswered--
			s.state = Decline(s.state, true, s.now)
			s.turns = append(s.turns, fmt.Sprintf("%v announce unanswered", s.now.Sub(s.start)))
			continue
		}
		s.check(next)
		s.state, s.told = next, next.Orders(s.plan)
		s.turns = append(s.turns, fmt.Sprintf("%v %s", s.now.Sub(s.start), describe(next.Orders(s.plan), s.start)))
	}
	s.breaks("never comes to rest at %v", s.now.Sub(s.start))
}

// describe writes orders the way scenario files do: what is not named is not so.
func describe(o Orders, start time.Time) string {
	words := []string{string(o.Phase)}
	word := func(is bool, format string, args ...any) {
		if is {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	word(o.Ready, "ready")
	word(o.Claim, "claim")
	word(o.Refuse, "refuse")
	word(o.EarlyWord, "early-word")
	word(!o.HandOverBy.IsZero(), "hand-over-by=%v", o.HandOverBy.Sub(start))
	word(!o.StopBy.IsZero(), "stop-by=%v", o.StopBy.Sub(start))
	return strings.Join(words, " ")
}

// rank orders the phases: a drain goes up in it, but for Announce back to Linger.
var rank = map[Phase]int{Ready: 0, Linger: 1, Announce: 2, Finish: 3, HandBack: 4, Closed: 5}

// check holds one move against the promises.
func (s *simulation) check(next State) {
	from, to := s.state.Phase, next.Phase
	o := next.Orders(s.plan)
	back := rank[to] < rank[from]
	peer := s.plan.handsOver(s.look) && (s.state.Unsure || reached(s.now, s.state.NoPeerUntil))
	switch {
	case back && !(from == Announce && to == Linger && !peer):
		s.breaks("the way leads back from %s to %s", from, to)
	case to == Closed && from != HandBack:
		s.breaks("closed from %s: the door was never shut behind what began last", from)
	case to == Closed && s.now.After(next.Deadline):
		s.breaks("G8: closed %v after the deadline", s.now.Sub(next.Deadline))
	case o.Refuse && (to == Ready || to == Linger || to == Announce):
		s.breaks("G6: refuses in %s", to)
	case o.Refuse && s.plan.Mode == ModeHandover && s.plan.Shared && s.look.Coming:
		s.breaks("G6: refuses in %s although a peer is coming", to)
	case o.Refuse && peer:
		s.breaks("G6: refuses in %s although a peer is there to hand over to", to)
	case s.state.EarlyWord && !next.EarlyWord:
		s.breaks("the early word was taken back")
	case o.Claim && !o.StopBy.IsZero():
		s.breaks("claims what it would have to hand back")
	case to == HandBack && from == Finish && s.look.Busy == 0 && peer && s.state.Hurried.IsZero() &&
		!reached(s.now, s.plan.handBackAt(next)) && !s.plan.seen(s.state, s.now):
		s.breaks("G6: the door closes %v after others were told to look elsewhere", s.now.Sub(s.state.LeavingAt))
	case to == HandBack && o.StopBy.After(later(s.now, s.plan.closeAt(next))):
		s.breaks("stopped work has until after closing begins")
	case !s.plan.Shared && (to == Linger || to == Announce):
		s.breaks("%s in a process whose work nobody else can reach", to)
	}
}

// recorded hands out the turns since it was last called.
func (s *simulation) recorded() string {
	var out strings.Builder
	for _, turn := range s.turns {
		out.WriteString("    " + turn + "\n")
	}
	s.turns = nil
	return out.String()
}

func (s *simulation) breaks(format string, args ...any) {
	if s.broken == nil {
		s.broken = fmt.Errorf(format, args...)
	}
}
