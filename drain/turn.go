package drain

import (
	"context"
	"errors"
	"time"
)

// enterBound is how long the phases before HandBack wait for their Enter.
const enterBound = 2 * time.Second

// turn is one call that tells the service what to do: an Enter or a Follow.
type turn struct {
	to     Phase
	by     time.Time // when it is left behind
	done   chan error
	cancel context.CancelFunc
}

// result is where the turn's outcome comes; without a turn nothing ever does.
func (t *turn) result() <-chan error {
	if t == nil {
		return nil
	}
	return t.done
}

// follow gives Follow the shape of Enter.
func follow(s Service) func(context.Context, Orders) error {
	return func(_ context.Context, o Orders) error {
		s.Follow(o)
		return nil
	}
}

// begin calls the service with the orders of a state. A look under way is
// forgotten: it may be from before the orders, and would let the drain pass by
// work that they let in.
func (r *run) begin(next State, call func(context.Context, Orders) error) {
	by := r.plan.enterBy(next, time.Now())
	// A service that heeds its context has a moment to return before it is left behind.
	ctx, cancel := context.WithDeadline(r.ctx, by.Add(-r.plan.moment()))
	t := &turn{to: next.Phase, by: by, done: make(chan error, 1), cancel: cancel}
	r.turn, r.looks, r.stale = t, nil, true
	orders := next.Orders(r.plan)
	r.told = orders
	if next.Phase == r.state.Phase { // an announcement is logged when it is sure
		r.logPhase(next)
	}
	// Ends when the service returns, and is waited for until by: see onTime.
	go func() {
		defer cancel()
		t.done <- call(ctx, orders)
	}()
}

// turned takes in what came of the turn.
func (r *run) turned(err error) {
	t, now := r.turn, time.Now()
	t.cancel()
	r.turn, r.stale = nil, true
	announcing := t.to == Announce && r.state.Phase != Announce
	switch {
	case announcing && err != nil:
		r.state = Decline(r.state, !errors.Is(err, ErrNoPeer), now)
		r.logDeclined(err)
	case announcing:
		r.move(r.state.enter(r.plan, Announce, now).note(r.plan, r.look, now))
		r.logPhase(r.state)
	case t.to == Closed:
		r.closeErr = err
	case err != nil:
		r.logTurn(t.to, err)
	}
}

// errLeftBehind is what became of a call that did not return in time.
var errLeftBehind = errors.New("drain: the service did not return in time")

// abandon goes on without the turn under way. Its context ends now; should it
// return later, nobody hears it.
func (r *run) abandon() {
	if r.turn != nil {
		r.turned(errLeftBehind)
	}
}

// hurryTurn makes way for the hand-back that a second SIGINT asks for. A
// closing that has begun goes on, as long as it still may; and a hand-back is
// not broken off, or what it holds would be lost: a second one joins it.
func (r *run) hurryTurn() {
	switch {
	case r.turn == nil:
	case r.turn.to == Closed:
		r.turn.by = earlier(r.turn.by, r.plan.enterBy(r.state, time.Now()))
	case r.turn.to == HandBack:
		r.turn = nil
	default:
		r.abandon()
	}
}

// enterBy is how long a state can wait for its Enter.
func (p Plan) enterBy(s State, now time.Time) time.Time {
	switch s.Phase {
	case Closed:
		return s.Deadline.Add(-p.moment()) // the report comes after it
	case HandBack:
		return p.closeAt(s)
	default:
		return earlier(now.Add(enterBound), p.handBackAt(s))
	}
}
