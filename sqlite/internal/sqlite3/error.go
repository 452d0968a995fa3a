package sqlite3

import (
	"errors"
	"fmt"

	lib "modernc.org/sqlite/lib"
)

// Error is a failure that SQLite reports. Code is its extended result code, Msg is for the log.
type Error struct {
	Code int
	Msg  string
}

func (e *Error) Error() string { return fmt.Sprintf("sqlite: %s (%d)", e.Msg, e.Code) }

// Kind is what an error says of whom it concerns.
type Kind int

// The kinds.
const (
	// None: no error of SQLite's.
	None Kind = iota
	// Statement: what was asked cannot be done; the file and other statements are well.
	Statement
	// Full: there is no room for it on the disk.
	Full
	// Busy: somebody else held the lock for too long.
	Busy
	// Damaged: the file is not a database, or not a sound one.
	Damaged
	// Broken: the disk, the memory or the connection; nothing more can be expected of it.
	Broken
)

// IsInterrupted reports whether err is that of a statement that Interrupt has ended.
func IsInterrupted(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code&0xff == lib.SQLITE_INTERRUPT
}

// KindOf tells err's kind by the code of the first Error in its chain.
func KindOf(err error) Kind {
	var e *Error
	if !errors.As(err, &e) {
		return None
	}
	switch e.Code & 0xff {
	case lib.SQLITE_FULL:
		return Full
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return Busy
	case lib.SQLITE_NOTADB, lib.SQLITE_CORRUPT:
		return Damaged
	case lib.SQLITE_ERROR, lib.SQLITE_CONSTRAINT, lib.SQLITE_TOOBIG, lib.SQLITE_MISMATCH, lib.SQLITE_RANGE:
		return Statement
	}
	return Broken
}
