package drain

import "time"

// Interrupt is the one call that means more each time: a person at a keyboard.
const Interrupt = "SIGINT"

// The escalation of SIGINT, counted from the start of the process: the first
// drains, the second hands back at once, the third leaves.
const (
	interruptHurries = 2
	interruptLeaves  = 3
)

// hurried is the length of HandBack after the second SIGINT.
const hurried = time.Second

// Hear takes a call to stop into the state: a signal by its name or the reason
// of whoever asked. The first begins the drain and fixes its deadline. Of those
// after it only SIGINT changes anything: platforms send SIGTERM several times,
// and mean one. Like Step it is pure.
func Hear(p Plan, s State, call string, now time.Time) State {
	if !s.Told() {
		s.Signal, s.SignalAt = call, now
		s.Deadline = now.Add(p.Grace - p.Margin)
	}
	if call != Interrupt {
		return s
	}
	s.Interrupts++
	if s.Interrupts == interruptHurries {
		s = s.hurry(p, now)
	}
	return s
}

// hurry leaves a second for handing back, whatever was left before. It never
// makes the end later.
func (s State) hurry(p Plan, now time.Time) State {
	s.Hurried = now
	s.Deadline = earlier(s.Deadline, now.Add(hurried+p.closing()))
	if s.Phase == HandBack {
		s.StopBy = earlier(s.StopBy, p.stopBy(s, now))
	}
	return s
}

// Leaves reports whether the third SIGINT came: exit now, whatever runs.
func (s State) Leaves() bool { return s.Interrupts >= interruptLeaves }
