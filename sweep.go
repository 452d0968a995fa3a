package lastcall

import "time"

// Sweep bounds what a sweep does.
type Sweep struct {
	Incarnation string // who sweeps: never declared dead by itself
	MaxCrashes  int
	KeepTasks   time.Duration // finished tasks
	KeepEvents  time.Duration
	Limit       int // rows of each kind
	// Steady is how long the sweeper has reached the store without a break. A lease that is a time, a node's or a worker's
	// outside (LongestLapse), runs out only before one that was there for its whole length: an outage takes nobody's.
	Steady time.Duration
}

// Swept says what a sweep did. Beside an error it says what was done all the same.
type Swept struct {
	Due, Expired, Crashed, Lapsed, Forgotten int       // Lapsed: leases that have run out
	Lapses                                   []Lapse   // these
	Now, Next                                time.Time // by the store's clock; when the next scheduled task is due, zero: none is known
	More                                     bool
}
