package drain

import (
	"testing"
	"time"
)

// FuzzStep tells one drain as a string of bytes: what happens, and how long
// until it does. Whatever the story, the promises of simulation.check hold, and
// the process is closed in time.
func FuzzStep(f *testing.F) {
	f.Add(uint16(30), byte(0), []byte("\x00\x10\x01\x05\x20\x00"))
	f.Add(uint16(30), byte(0xff), []byte("\x05\x01\x00\x00\x05\x30\x06\x02\x05\x03"))
	f.Add(uint16(16), byte(0x0f), []byte("\x07\x00\x05\x01\x00\x00\x10\x04\x08\x01\x08\x01"))
	f.Fuzz(func(t *testing.T, grace uint16, kind byte, story []byte) {
		plan := fuzzedPlan(grace, kind)
		if plan.Validate() != nil {
			return
		}
		sim := simulate(plan)
		for len(story) >= 2 {
			sim.happenByte(story[0])
			sim.until(sim.now.Add(time.Duration(story[1]) * 37 * time.Millisecond))
			story = story[2:]
		}
		sim.happenByte(0) // whatever came before, now it ends
		sim.until(sim.now.Add(plan.Grace))
		if sim.broken == nil && sim.state.Phase != Closed && !sim.state.Leaves() {
			sim.breaks("G8: in phase %s a grace after the signal", sim.state.Phase)
		}
		if sim.broken != nil {
			t.Errorf("%+v\n%v\n%v", plan, sim.broken, sim.recorded())
		}
	})
}

// fuzzedPlan makes a plan of two numbers: seven bits of choices and a grace up
// to 65 s, with parts that are now and then too large for it.
func fuzzedPlan(grace uint16, kind byte) Plan {
	bit := func(n int) bool { return kind>>n&1 == 1 }
	p := Plan{
		Grace:  time.Duration(grace) * time.Millisecond,
		Shared: bit(0), Linger: bit(0) && bit(1), Kubernetes: bit(2),
		Backlog: []Backlog{BacklogAuto, BacklogFinish, BacklogLeave, BacklogAuto}[kind>>3&3],
	}
	if bit(5) {
		p.Mode = ModeRefuse
	}
	if bit(6) {
		p.Margin, p.HandBack, p.StopTimeout = 100*time.Millisecond, 300*time.Millisecond, 200*time.Millisecond
		p.Announce.Min = 150 * time.Millisecond
	}
	return p.WithDefaults()
}

// happenByte changes one fact.
func (s *simulation) happenByte(b byte) {
	n := int(b >> 4)
	switch b & 0xf {
	case 0:
		s.hear("SIGTERM")
	case 1:
		s.look.Busy = n
	case 2:
		s.look.Backlog = n
	case 3:
		s.look.Unserved = n
	case 4:
		s.look.Clients = n * 1000
	case 5:
		s.look.Peer = true
	case 6:
		s.look.Peer, s.look.Coming = false, false
	case 7:
		s.declines = n
	case 8:
		s.look.LastRequest = s.now
	case 9:
		s.hear(Interrupt)
	case 10:
		s.look.Coming = true
	case 11:
		s.unanswered = n
	default: // only time passes
	}
	s.settle()
}
