package ws

import "time"

// confirmWait is how long a peer may take to confirm a result before a drain stops waiting for it, and how long a write
// may be stuck: 2 s at most.
const confirmWait = 2 * time.Second

// receipt is what is known of how far a peer has got what was written to it: it has confirmed a position by an ack, or,
// if it never acknowledges, by the pong to a protocol ping that was sent behind it. Times count from the server's start.
type receipt struct {
	written   int64         // the last event
	result    int64         // the last event that ended a task
	at        time.Duration // when result was written, at the latest
	pinged    int64         // what the last protocol ping stood behind
	confirmed int64
	acks      bool          // the peer has acknowledged at least once
	owes      time.Duration // since when the peer owes a confirmation that it could give; 0: it owes none
}

// writes notes that an event is written now: before it is, as the peer may acknowledge it before the write returns.
func (r *receipt) writes(seq int64, terminal bool, now time.Duration) {
	r.written = seq
	if terminal {
		r.result, r.at = seq, now
	}
}

// wrote notes that all that was to be written has been. The peer's time counts from here.
func (r *receipt) wrote(now time.Duration) {
	if r.result <= r.confirmed {
		return
	}
	r.at = now
	if r.acks {
		r.owe(now)
	}
}

// ping notes that a protocol ping is written now, and returns the position that its payload is to carry.
func (r *receipt) ping(now time.Duration) int64 {
	r.pinged = r.written
	if !r.acks && r.pinged > r.confirmed {
		r.owe(now)
	}
	return r.pinged
}

// ack notes an acknowledgement.
func (r *receipt) ack(seq int64, now time.Duration) {
	if !r.acks {
		r.acks, r.owes = true, 0
	}
	r.confirm(seq, r.result, now)
}

// pong notes the answer to the ping that carried seq.
func (r *receipt) pong(seq int64, now time.Duration) {
	if !r.acks {
		r.confirm(seq, r.pinged, now)
	}
}

// confirm notes that the peer has everything up to seq, of what it was asked about.
func (r *receipt) confirm(seq, asked int64, now time.Duration) {
	if seq = min(seq, r.written); seq <= r.confirmed {
		return
	}
	r.confirmed, r.owes = seq, 0
	if r.confirmed < asked {
		r.owe(now) // it goes on: its time begins anew
	}
}

func (r *receipt) owe(now time.Duration) {
	if r.owes == 0 {
		r.owes = max(1, now)
	}
}

// open reports whether a result has been written and not confirmed, and may still be: a peer that has left a question
// unanswered for confirmWait is not waited for, however many results follow.
func (r *receipt) open(now time.Duration) bool {
	switch {
	case r.result <= r.confirmed:
		return false
	case r.owes != 0:
		return now-r.owes < confirmWait
	}
	return now-r.at < confirmWait
}

// wantsPing reports whether a protocol ping would tell what is not known.
func (r *receipt) wantsPing(now time.Duration) bool {
	return !r.acks && r.pinged < r.result && r.open(now)
}
