package lastcall

import "context"

// What whoever runs a store may ask of it, beside what nodes do: abilities that not every store has, found by type
// assertion. Neither needs an incarnation, and nodes go on serving meanwhile.

// Backuper is a Store that copies itself while it is in use.
type Backuper interface {
	// Backup writes a copy of everything that was acknowledged before the call to a file at path, for its owner alone.
	// When it returns nil the copy is on stable storage; when it fails, or is interrupted by the end of ctx, there is
	// none. A path where there is something already is refused.
	Backup(ctx context.Context, path string) error
}

// EpochRenewer is a Store that can be restored from a copy. What it has told its clients since that copy was made it
// does not know of, and would number anew what they have seen: after a restore each mailbox needs a new epoch, so that
// they are told of it (GapEpoch).
type EpochRenewer interface {
	// NewEpoch gives every mailbox that is there a new epoch and counts them. Numbers, events and acknowledgements stay.
	// It may go in portions; should it fail in the middle it is to be called again.
	NewEpoch(ctx context.Context) (mailboxes int64, err error)
}

// A Finding is what a look at a store has found, for whoever runs it (`lastcall doctor`).
type Finding struct {
	Check string `json:"check"` // what was looked at, in a few words
	Level string `json:"level"` // one of those below
	Seen  string `json:"seen"`  // how it is, as a sentence or a number
	Why   string `json:"why"`   // why it matters
	// Do is what to do about it. There is something for all that is not LevelOK.
	Do string `json:"do,omitempty"`
}

// The levels of findings.
const (
	LevelOK   = "ok"
	LevelWarn = "warn" // it will hurt some day, or hurts already
	LevelBad  = "bad"  // a promise is not kept, or nodes do not work
)
