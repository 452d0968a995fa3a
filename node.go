package lastcall

import (
	"context"
	"time"
)

// NodeInfo is what a node says of itself when it joins.
type NodeInfo struct {
	Name    string
	Version string
	Types   []string      // the task types it runs
	Lease   time.Duration // how long its runs stay its own without a Beat
	Address string        // where its peers may probe /readyz
}

// Beat is a node's sign of life.
type Beat struct {
	Incarnation string
	// Phase is where its drain stands. Nobody becomes ready again: PhaseReady does not replace another phase, as it is
	// then the word of a beat that was overtaken.
	Phase       string
	Running     int
	Connections int
	Lease       time.Duration
}

// Pulse is the answer to a Beat.
type Pulse struct {
	// Canceled are the incarnation's runs whose end was asked for.
	Canceled []RunRef
}

// RunRef names a run.
type RunRef struct {
	Task string
	Run  int64
}

// Books is the part of a Store that tells a node what is in its name.
type Books interface {
	// Runs lists the runs that an incarnation has begun and nobody has ended, in the order of tasks: as many as it has
	// slots, and found without a look at any other. An incarnation that is not there, or not any more, has none.
	Runs(ctx context.Context, incarnation string) ([]RunRef, error)
}

// Node is an incarnation as others see it.
type Node struct {
	Name        string    `json:"node"`
	Incarnation string    `json:"incarnation"`
	Phase       string    `json:"phase"`
	Version     string    `json:"version"`
	Running     int       `json:"running"`
	Connections int       `json:"connections"`
	Types       []string  `json:"types"`
	Since       time.Time `json:"since"`
	SeenAt      time.Time `json:"seen_at"`
	Alive       bool      `json:"alive"` // its lease has not run out and it has not left

	Address string        `json:"-"` // where its peers may probe /readyz
	Settled time.Duration `json:"-"` // how long it has been in its phase, by the store's clock
	Quiet   time.Duration `json:"-"` // how long ago its last sign of life was, by the store's clock
}

// The phases of a node that its peers go by; package drain has them all.
const (
	PhaseReady    = "ready"
	PhaseAnnounce = "announce"
)

// The bounds within which a node is fit to take over: it has been ready for FitAfter, and was heard of within FitWithin.
const (
	FitAfter  = 3 * time.Second
	FitWithin = 3 * time.Second
)

// Fit reports whether the node can take over from a peer that drains, as far as the store knows; whether it answers a
// probe is for the peer to find out.
func (n *Node) Fit() bool {
	return n.Coming() && n.Phase == PhaseReady && n.Settled >= FitAfter && n.Quiet < FitWithin
}

// Coming reports whether the node is fit or will be soon: it is there, and nobody has told it to stop.
func (n *Node) Coming() bool {
	return n.Alive && (n.Phase == "" || n.Phase == PhaseReady)
}

// Announcer is a Store on which nodes can take over from each other.
type Announcer interface {
	// EnterAnnounce moves the incarnation to PhaseAnnounce if at least one of the given incarnations is fit (Node.Fit)
	// at that moment, and reports whether it did. It looks and moves in one serialized transaction, so that of two nodes
	// that go down together one finds the other no longer ready: they never take each other for the one that stays.
	// It fails with CodeLeaseLost when the incarnation was declared dead or has left.
	EnterAnnounce(ctx context.Context, incarnation string, peers []string) (entered bool, err error)
}

// Answerer is a Store whose life a node can ask for, which is not whether it can be written.
type Answerer interface {
	// Answers returns as soon as whoever writes here has come round to the caller, whatever the disk says meanwhile: an
	// outage is an answer, and so is a store that was closed. It fails only when ctx ends first, as then the part of this
	// process that writes hangs, which nothing but its end will mend. It may be called concurrently.
	Answers(ctx context.Context) error
}
