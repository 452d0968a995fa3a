package client

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ackEvery bounds how many events may be delivered without an acknowledgement while more are waiting. Otherwise one is
// sent whenever nothing waits, so that a server that stops knows at once what has arrived (G7).
const ackEvery = 64

// settled is how long a connection has to last to count as a success: a server that welcomes and then throws out is
// met with backoff too.
const settled = 10 * time.Second

// reader reads a mailbox over one connection after the other. The goroutine that ranges over Events owns all of it: one
// loop waits for the next frame, for the time of the next handshake and for its end, and a handover is nothing but a
// handshake that begins while there is a connection still.
type reader struct {
	client  *Client
	options EventOptions

	pos      position
	dealt    int64 // Seq of the last event of the mailbox that the loop has come back from
	unacked  int   // events since the last ack, or that a server has sent again although they had been dealt with
	failures int   // connections in a row that came to nothing

	link    *link          // the connection that is read; nil: there is none
	timer   *time.Timer    // when the next handshake begins; nil: none is due
	due     time.Time      // of timer
	dialing chan dialed    // a handshake under way; nil: none is
	cancel  func()         // ends it
	leaving sync.WaitGroup // connections that are being left
}

// dialed is the end of a handshake.
type dialed struct {
	link *link
	err  error
}

// errLeft says that the one who reads has left the loop.
var errLeft = errors.New("left")

// run reads until ctx ends, tell returns false (nil then), or the server wants this client no more.
func (r *reader) run(ctx context.Context, tell func(Message) bool) error {
	r.schedule(0)
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.acknowledge()
		err := r.step(ctx, tell)
		if errors.Is(err, errLeft) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// step waits for whatever comes next, and deals with it.
func (r *reader) step(ctx context.Context, tell func(Message) bool) error {
	var frames <-chan frame
	if r.link != nil {
		frames = r.link.frames
	}
	var due <-chan time.Time
	if r.timer != nil {
		due = r.timer.C
	}
	select {
	case f, open := <-frames:
		if !open {
			return r.lost(tell)
		}
		return r.take(&f, tell)
	case <-due:
		r.timer = nil
		r.dial(ctx)
	case d := <-r.dialing:
		r.dialing = nil
		r.cancel()
		if d.err != nil {
			return r.failed(d.err, tell)
		}
		return r.move(d.link, tell)
	case <-ctx.Done(): // the loop looks
	}
	return nil
}

// take tells of a frame, unless it is a repeat.
func (r *reader) take(f *frame, tell func(Message) bool) error {
	if f.handover() && r.dialing == nil {
		r.schedule(f.after())
	}
	if r.pos.renewed(f) {
		r.dealt, r.unacked = 0, 0 // in the new mailbox the number would stand for something else
	}
	m := f.message()
	if m == nil {
		return nil
	}
	if !r.pos.fresh(f) {
		if f.T == "event" && f.Seq <= r.dealt { // the ack was lost on its way to the connection before
			r.unacked++
		}
		return nil
	}
	if !tell(m) {
		return errLeft
	}
	if f.T == "event" {
		r.dealt = f.Seq // the loop has come back for more
		r.unacked++
	}
	return nil
}

// acknowledge says what has been dealt with, unless more waits.
func (r *reader) acknowledge() {
	if r.link != nil && (len(r.link.frames) == 0 || r.unacked >= ackEvery) {
		r.flush()
	}
}

// flush says what has been dealt with.
func (r *reader) flush() {
	if r.link == nil || r.unacked == 0 || r.options.Peek {
		return
	}
	if r.link.send(ack{T: "ack", Seq: r.dealt}) == nil {
		r.unacked = 0
	} // else the connection ends, and shows it by that: the next one is told
}

// dial begins a handshake, from where the mailbox has been delivered to by now.
func (r *reader) dial(ctx context.Context) {
	h := hello{T: "hello", Resume: r.pos.resume(), Caps: []string{"handover"}}
	if r.options.Progress {
		h.Caps = append(h.Caps, "progress")
	}
	ctx, r.cancel = context.WithCancel(ctx)
	done := make(chan dialed, 1)
	r.dialing = done
	go func() { // ends with the handshake; whoever owns dialing waits for it
		l, err := r.client.connect(ctx, h)
		done <- dialed{l, err}
	}()
}

// move goes over to a new connection and leaves the old one, which has been read until now.
func (r *reader) move(l *link, tell func(Message) bool) error {
	r.flush() // what was dealt with while more was waiting there
	r.abandon()
	r.link = l
	return r.take(&l.welcome, tell)
}

// abandon leaves the connection, if there is one, without waiting for its end.
func (r *reader) abandon() {
	if old := r.link; old != nil {
		r.link = nil
		r.leaving.Go(old.leave)
	}
}

// lost deals with the end of the connection. Where the server has said when to come back, that stands.
func (r *reader) lost(tell func(Message) bool) error {
	err := r.link.err
	if time.Since(r.link.since) >= settled {
		r.failures = 0
	}
	r.link = nil
	return r.again(err, tell)
}

// failed deals with a handshake that came to nothing. While there is a connection still, nobody needs to know, unless
// there will be no other: who is sent on has nothing to wait for where it is.
func (r *reader) failed(err error, tell func(Message) bool) error {
	if r.link != nil && judge(err) != never {
		r.schedule(r.pause(err))
		return nil
	}
	return r.again(err, tell)
}

// again sees to it that another handshake is made, or gives up.
func (r *reader) again(err error, tell func(Message) bool) error {
	if judge(err) == never {
		return final(err)
	}
	if r.timer == nil && r.dialing == nil {
		r.schedule(r.pause(err))
	}
	if !tell(Lost{Err: err, Retry: max(time.Until(r.due), 0)}) {
		return errLeft
	}
	return nil
}

func (r *reader) pause(err error) time.Duration {
	d := pause(err, r.client.backoff, r.failures, r.client.jitter())
	r.failures++
	return d
}

// schedule sets the time of the next handshake.
func (r *reader) schedule(wait time.Duration) {
	if r.timer != nil {
		r.timer.Stop()
	}
	r.timer, r.due = time.NewTimer(wait), time.Now().Add(wait)
}

// end leaves everything, and returns when nothing is left.
func (r *reader) end() {
	if r.timer != nil {
		r.timer.Stop()
	}
	if r.dialing != nil {
		r.cancel()
		if d := <-r.dialing; d.link != nil {
			r.leaving.Go(d.link.leave)
		}
	}
	r.flush()
	r.abandon()
	r.leaving.Wait()
}
