package drain

import (
	"context"
	"errors"
	"slices"
	"time"
)

// poll is how often a drain looks by itself, for facts that nobody poked it about.
const poll = 100 * time.Millisecond

// blindAfter is how long a look may take before the drain goes on without it.
const blindAfter = time.Second

// run is the state of Run's goroutine; nobody else reads or writes it. It never
// calls the service itself: looks and turns come back through channels, so that
// signals and times are heard whatever the service does.
type run struct {
	*Drainer
	ctx    context.Context
	state  State
	trail  []stretch
	told   Orders // what the service was told last
	logged Phase  // the phase that the log was told of last

	look  Look
	stale bool      // look is older than some fact that may have changed
	looks chan Look // takes the look under way; nil when none is
	turn  *turn     // the Enter or Follow under way; nil when none is

	timer    *time.Timer
	closeErr error
}

// Run waits until a signal comes, Start is called or ctx ends, takes the service
// through the phases, and returns when it is closed and reported: nil when that
// went in order, handed-back work included. It can be called once.
//
// From the moment a drain begins until Run returns, a watchdog ends the process
// (ExitDeadline) should the deadline be reached first.
func (d *Drainer) Run(ctx context.Context) error {
	err := errors.New("drain: Run was called twice")
	d.once.Do(func() {
		defer d.deafen()
		defer d.dog.stop()
		r := &run{
			Drainer: d, ctx: context.WithoutCancel(ctx),
			state: d.now.Load().state, told: d.Orders(), timer: time.NewTimer(poll),
		}
		defer r.timer.Stop()
		err = r.loop(ctx.Done())
	})
	return err
}

// loop takes in one thing at a time and asks for the next.
func (r *run) loop(ended <-chan struct{}) error {
	for r.state.Phase != Closed || r.turn != nil {
		select {
		case sig := <-r.signals:
			r.hear(signalName(sig))
		case call := <-r.calls:
			r.hear(call)
		case <-ended:
			ended = nil
			r.hear("context")
		case <-r.asks:
			continue // nothing has changed: above all not for how long something is waited for
		case <-r.pokes:
			r.stale = true
		case look := <-r.looks:
			r.looks = nil
			r.step(look)
		case err := <-r.turn.result():
			r.turned(err)
		case <-r.timer.C:
			r.onTime()
		}
		if r.state.Leaves() {
			return r.leave()
		}
		r.ask()
	}
	return r.finish()
}

// hear takes a call to stop in.
func (r *run) hear(call string) {
	before, now := r.state, time.Now()
	r.state = Hear(r.plan, before, call, now)
	if !before.Told() {
		// The watchdog first: from here on nothing may hang for long, the log
		// included.
		r.watch()
		r.traffic.told.Store(true)
	}
	hurried := before.Hurried.IsZero() && !r.state.Hurried.IsZero()
	if hurried {
		r.watch()
		r.hurryTurn()
	}
	r.stale = true
	r.show(r.state, r.trail)
	if !before.Told() {
		close(r.begun) // only now: whoever waits for it may ask for the status
	}
	r.logHeard(call, !before.Told(), hurried)
}

// ask sets the next thing in motion: the turn under way, else the look that is
// needed, else the time.
func (r *run) ask() {
	now := time.Now()
	switch {
	case !r.state.Told() || r.state.Phase == Closed && r.turn == nil:
		r.timer.Stop()
	case r.turn != nil:
		r.timer.Reset(r.turn.by.Sub(now))
	case r.looks != nil:
		r.timer.Reset(blindAfter)
	case r.stale:
		r.stale = false
		looks := make(chan Look, 1)
		r.looks = looks
		// Ends when Look returns, and is waited for by nobody: see onTime.
		go func() { looks <- r.service.Look() }()
		r.timer.Reset(blindAfter)
	default:
		r.timer.Reset(r.untilDue(now))
	}
}

// untilDue is how long nothing can change by time alone, and poll at most.
func (r *run) untilDue(now time.Time) time.Duration {
	due := Due(r.plan, r.state, r.look, now)
	if due.IsZero() {
		return poll
	}
	return min(poll, due.Sub(now))
}

// onTime does what the time asks for: it goes on without whoever is late.
func (r *run) onTime() {
	switch {
	case r.turn != nil:
		r.abandon()
	case r.looks != nil:
		// Nothing is known, so work is assumed to run; time alone decides. The
		// late look still counts when it comes.
		r.step(Look{Busy: 1, Peer: r.look.Peer, Coming: r.look.Coming})
	}
	r.stale = true
}

// step decides on a look, and begins the turn that follows from it.
func (r *run) step(look Look) {
	look.LastRequest = later(look.LastRequest, r.traffic.lastRequest())
	r.look = look
	next := Step(r.plan, r.state, look, time.Now())
	switch {
	case next.Phase == Announce && r.state.Phase != Announce:
		r.begin(next, r.service.Enter) // not moved yet: it may be declined
	case next.Phase != r.state.Phase, !next.StopBy.Equal(r.told.StopBy):
		r.move(next)
		r.begin(next, r.service.Enter)
	case next.Orders(r.plan) != r.told:
		r.move(next)
		r.begin(next, follow(r.service))
	default:
		r.state = next
	}
}

// move makes a state the one that holds.
func (r *run) move(next State) {
	if next.Phase != r.state.Phase {
		from := next.Since
		if len(r.trail) == 0 {
			from = next.SignalAt // the way to the first phase is part of it
		}
		// A new slice each time: readers hold the old one.
		r.trail = append(slices.Clip(r.trail), stretch{next.Phase, from})
	}
	r.state = next
	r.show(next, r.trail)
}
