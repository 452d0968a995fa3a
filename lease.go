package lastcall

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"math"
	"strings"
	"time"
)

// Lender is the part of a Store that leases tasks to workers outside, which speak to any node: one lease for each run,
// held by whoever has its Holder. The holder decides, not the clock: as long as the run is the current one its holder may
// settle it, late or not. When a lease has run out Sweep takes the task back (Task.LeaseEnded).
type Lender interface {
	// Lease starts runs of queued tasks as Claim does, in the order of their OrderKey and at most r.Max, each under a
	// lease of its own. A suspect is leased alone: when it is the first in order it is the only one, and it is left out
	// after any other. Nothing to do is an empty slice. Beside an error come the leases that were made for certain before
	// it: they are the caller's, who is the only one to know their holders.
	Lease(ctx context.Context, r LeaseRequest) ([]Lease, error)
	// Renew writes what the run wants to outlive it and moves the end of its lease to r.Length from now, but not past
	// the run's timeout, and not at all once its end was asked for: then the lease stays as it is, and the task says so
	// (CancelRequestedAt). It fails with CodeLeaseLost unless the run is running and r.Holder holds it. The task comes
	// back without its input and its checkpoint.
	Renew(ctx context.Context, r Renewal) (Lease, error)
}

// SteadyEnough is how long a sweeper must have been there for a lease to run out before it, however long that lease is.
// Of an hour's it would else take a node that stands for an hour, and where nodes are replaced more often, none ever does.
const SteadyEnough = 2 * time.Minute

// LongestLapse is the length of the longest lease of a worker outside that may run out before the sweeper.
func (s *Sweep) LongestLapse() time.Duration {
	if s.Steady >= SteadyEnough {
		return math.MaxInt64
	}
	return s.Steady
}

// LeaseRequest asks for work on behalf of a worker outside.
type LeaseRequest struct {
	Want   []LeaseType
	Queues []string // no other queues; empty: every queue. Paused ones are left out
	Max    int
	Length time.Duration // of each lease, should it not be renewed
	Node   string        // for Task.Node: what the worker calls itself, or else the name of the node that was asked
}

// LeaseType is a type whose tasks are wanted.
type LeaseType struct {
	Type    string
	Timeout time.Duration // of an attempt, where the task has none of its own
}

// Lease is the right of a worker outside to go on with a run.
type Lease struct {
	Task      Task
	Holder    string // of NewHolder: Task.Owner as long as the lease is held
	ExpiresAt time.Time
}

// holderMark begins every Lease.Holder and no incarnation: those are known to everyone.
const holderMark = "lease-"

// NewHolder makes a Lease.Holder for a store: 130 random bits, as text.
func NewHolder() string { return holderMark + rand.Text() }

// HeldBy reports whether a run is the current one and holder that of its lease. How long it takes tells nothing of how
// much of a wrong holder is right.
func (t *Task) HeldBy(holder string, run int64) bool {
	return t.Status == Running && t.Run == run && strings.HasPrefix(holder, holderMark) &&
		subtle.ConstantTimeCompare([]byte(holder), []byte(t.Owner)) == 1
}

// Renewal is a worker's word on a run that goes on.
type Renewal struct {
	Note
	Holder string
	Length time.Duration // of the lease from now on
}

// Lapse is a run that was taken from a worker outside.
type Lapse struct {
	Task   string
	Run    int64
	Worker string // Task.Node of the run: what the worker calls itself, or else the node that was asked
}

// LeaseEnded takes a running task from a worker outside whose lease has run out; timedOut says that the run has had all
// the time that an attempt has. That is a failed attempt; else the worker is taken for dead, and as the lease was for
// this run alone, this task alone is charged.
func (t *Task) LeaseEnded(timedOut bool, maxCrashes int, jitter float64, now time.Time) *Event {
	if timedOut && t.CancelRequestedAt == nil {
		return t.fail(&Outcome{
			Error: &TaskError{Code: FailureTimeout, Message: "the attempt ran longer than its timeout"},
			Wait:  Backoff{}.After(t.Attempt, jitter),
		}, now)
	}
	t.Crashes++
	return t.crash(ReleaseLease, maxCrashes, now)
}
