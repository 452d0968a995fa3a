package drain

import (
	"context"
	"errors"
)

// ErrNoPeer is what Enter returns to decline Announce: the peer that the last
// look saw is going down itself and moved first.
var ErrNoPeer = errors.New("drain: no peer is left to take over")

// ErrDraining is the cause with which contexts of work end in HandBack.
var ErrDraining = errors.New("drain: the process is stopping")

// A Service is what is drained. The Drainer calls Look, Enter and Follow from a
// goroutine made for the call, so that one that hangs can hold up nothing: when
// its time is over it is left behind, and the drain goes on without it.
//
// Enter and Follow are called one after another, never two at a time, unless
// one was left behind or HandBack is hurried. The others may be called at any time, concurrently.
type Service interface {
	// Look says how things are. It is called often, should take microseconds
	// and must not block on a network or a peer. One that takes more than a
	// second is taken for "work still runs here".
	Look() Look

	// Enter is called at each change of phase, with the orders that hold in
	// it. It begins what the phase asks for; whether that is done the drain
	// sees in the next Look, so Enter need not wait. ctx ends when the phase
	// can wait for it no longer: 2 s, for HandBack when closing must begin, for
	// Closed shortly before the deadline.
	//
	// HandBack is entered once more, with an earlier StopBy, when a second
	// SIGINT comes during it; the first call may still be running then.
	//
	// An error is logged and changes nothing, with two exceptions. Announce may
	// be declined, with ErrNoPeer: then no peer is believed for a second. After
	// any other error, or none in time, it is not known whether there is one:
	// the process lingers and tries again after a second. Closed is
	// the last call, and its error is what Run returns.
	Enter(ctx context.Context, o Orders) error

	// Follow is called when the orders change within a phase: the early word
	// of a process that is alone, a peer that came or went.
	Follow(o Orders)

	// WaitingFor names what the drain is waiting for, for people.
	WaitingFor() Waiting

	// Tally counts what became of work and clients since the drain began, for
	// the report.
	Tally() Tally
}

// Waiting is what a drain waits for.
type Waiting struct {
	Work        []string `json:"tasks"` // ids of running work
	Connections int      `json:"connections"`
}

// Tally counts ends.
type Tally struct {
	Work    WorkTally
	Clients ClientTally
}

// WorkTally counts the ends of work that ran when the drain began or later.
type WorkTally struct {
	Finished   int `json:"finished"`    // came to its own end
	HandedBack int `json:"handed_back"` // was stopped, and returned in time
	Fenced     int `json:"fenced"`      // did not return, and was given back without being asked
}

// ClientTally counts the ends of clients' connections.
type ClientTally struct {
	Served     int `json:"served"`      // had what they waited for
	HandedOver int `json:"handed_over"` // were sent on to a peer
	Closed     int `json:"closed"`      // were closed at the end
}
