package sse

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall/httpapi/frame"
)

// stream is one event stream or long-poll. The goroutine of its request owns what is not said to be shared.
type stream struct {
	srv    *Server
	client string
	since  time.Time
	wake   chan struct{} // capacity 1: there may be news, or orders
	timer  *time.Timer
	told   *drain // what the client has been told of the drain
	served bool   // has been given a result in the drain
	sent   bool   // has been sent on to another node

	// Set before the stream is taken up, and not changed after that.
	behind func() bool // whether something that is due to the client has not been flushed; may be called by anyone

	moment time.Time // when it is sent on; zero: it stays. Under Server.mu

	stuckAt atomic.Int64 // when the write under way was begun, in ns since Server.start; 0: none is

	mu  sync.Mutex
	rc  *http.ResponseController // nil for a long-poll
	cut bool                     // every write fails from here on
}

func (s *Server) newStream(client string) *stream {
	st := &stream{srv: s, client: client, since: time.Now(), wake: make(chan struct{}, 1), timer: time.NewTimer(0)}
	st.timer.Stop()
	return st
}

// Wake makes stream a hub.Waker.
func (st *stream) Wake() {
	select {
	case st.wake <- struct{}{}:
	default: // a word that has not been heard yet says the same
	}
}

// wait holds until there may be news or orders, or the time has come. It is false when there is nobody left to serve.
func (st *stream) wait(ctx context.Context, changed <-chan struct{}, until time.Time) bool {
	st.timer.Reset(time.Until(until))
	defer st.timer.Stop()
	select {
	case <-st.wake:
	case <-changed:
	case <-st.timer.C:
	case <-ctx.Done():
		return false
	}
	return true
}

// orders are what a drain wants of a stream.
type orders struct {
	drain   *drain
	moment  time.Time // when it is to be sent on; zero: it stays
	closing bool
}

func (st *stream) orders() orders {
	st.srv.mu.Lock()
	defer st.srv.mu.Unlock()
	return orders{st.srv.drain, st.moment, st.srv.closing}
}

// due reports whether the stream's moment has come.
func (o *orders) due() bool { return !o.moment.IsZero() && time.Until(o.moment) <= 0 }

// lookAgain is how often a stream that waits for a task here when its moment has come is asked whether it still does.
const lookAgain = 100 * time.Millisecond

// next is when the orders want to be looked at again, if that is before t.
func (o *orders) next(t time.Time) time.Time {
	at := o.moment
	switch {
	case at.IsZero():
		return t
	case o.due():
		at = time.Now().Add(lookAgain)
	}
	if at.Before(t) {
		return at
	}
	return t
}

// between is a time at random between two, so that clients who were told to come back do not do so together.
func between(least, most time.Duration) time.Duration {
	return least + time.Duration(rand.Int64N(int64(most-least)))
}

// When clients come back: usually, that is after a crash; to this node, once it has been started again; to another one,
// where they were sent one by one.
func usualRetry() time.Duration    { return between(time.Second, 3*time.Second) }
func restartRetry() time.Duration  { return between(time.Second, 10*time.Second) }
func handoverRetry() time.Duration { return between(50*time.Millisecond, 500*time.Millisecond) }

// farewell tells the client when to come back. After it the stream ends.
func (st *stream) farewell(w *writer, o *orders, pending []string) error {
	f := st.drainFrame(o.drain, pending)
	retry := restartRetry()
	if !o.moment.IsZero() {
		retry = handoverRetry()
		f.Mode, f.AfterMS = frame.ModeHandover, new(retry.Milliseconds())
		st.sent = true
	}
	w.retry(retry)
	w.frame("", "drain", f)
	return w.flush()
}

// tell tells the client of the drain, if there is something new to tell.
func (st *stream) tell(w *writer, o *orders, pending func() []string) error {
	if o.drain == st.told {
		return nil
	}
	st.told = o.drain
	w.frame("", "drain", st.drainFrame(o.drain, pending()))
	return w.flush()
}

func (st *stream) drainFrame(d *drain, pending []string) frame.Drain {
	f := frame.Drain{T: "drain", Mode: frame.ModeFinish, Pending: pending}
	if pending == nil {
		f.Pending = []string{}
	}
	if d != nil {
		f.DeadlineMS = max(0, time.Until(d.deadline).Milliseconds())
	}
	return f
}

// flushed notes that results have left.
func (st *stream) flushed() {
	st.srv.mu.Lock()
	defer st.srv.mu.Unlock()
	st.served = st.served || st.srv.drain != nil
}
