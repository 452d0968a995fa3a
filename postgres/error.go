package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lastcall-dev/lastcall"
)

// retryAfter is when whoever met a store that cannot be reached may come again.
const retryAfter = time.Second

// explain gives an error of the database's, or of the way there, its code. Detail says nothing of statements and
// connections: these are in the error beneath, for the log, which holds no password either (open.go).
func explain(err error) error {
	var known *lastcall.Error
	var gone *goneError
	if err == nil || errors.As(err, &known) || errors.As(err, &gone) {
		return err
	}
	if isDown(err) || isBroken(err) {
		return &lastcall.Error{
			Code: lastcall.CodeStoreUnavailable, Detail: trouble(err), RetryAfter: retryAfter, Err: brief(err),
		}
	}
	return err
}

// trouble says what is wrong with the database in words that a client may read.
func trouble(err error) string {
	code := sqlState(err)
	switch {
	case code == "53100":
		return "the database's disk is full"
	case strings.HasPrefix(code, "53"):
		return "the database has no memory or no connections left"
	case strings.HasPrefix(code, "58"):
		return "the database cannot read or write its files"
	case code == "XX001", code == "XX002":
		return "the database has found damage in its data"
	case isBroken(err):
		return "the database cannot do what it must"
	}
	return "the database cannot be reached"
}

// isDown reports whether an error says that the database cannot be used now, rather than that what was asked of it is
// wrong. A statement that ran out of its time is one: it waited for something that hung. So is a transaction that has lost
// against others until its time was over.
func isDown(err error) bool {
	if errors.Is(err, errLate) {
		return true
	}
	if code := sqlState(err); code != "" {
		return downState(code)
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.Timeout(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errLost)
}

// goneError is the end of a caller's context, which says nothing of the database.
type goneError struct{ cause error }

func (e *goneError) Error() string { return e.cause.Error() }
func (e *goneError) Unwrap() error { return e.cause }

// gone is why ctx ended, nil if it has not.
func gone(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil {
		return &goneError{cause}
	}
	return nil
}

// errLost stands before an error after which the connection was closed.
var errLost = errors.New("the connection was lost")

// lost marks an error that has cost the connection: whatever it was, the fate of what was under way is unknown.
func lost(conn *pgx.Conn, err error) error {
	if err == nil || !conn.IsClosed() || isDown(err) {
		return err
	}
	return errors.Join(errLost, err)
}

// readOnlyState is what a standby answers to a write, and a primary that was demoted or set to be read. A connection that
// leads there is of no use any more although it works: the address may long lead to another server. Those that the server
// has ended itself, for whatever reason, pgx has closed.
const readOnlyState = "25006"

// downState reports whether a SQLSTATE is of the server's state and not of the statement's contents.
func downState(code string) bool {
	switch code {
	case "57014", // a timeout of the statement's
		"55P03", // a lock was not to be had in time
		readOnlyState,
		"25P03", // idle for too long within a transaction
		"25P04", // the transaction ran out of its time
		"57P01", "57P02", "57P03", "57P04", "57P05":
		return true
	}
	switch code[:2] {
	case "08", // connection
		"53", // disk, memory, connections
		"58", // the system beneath
		"28", // a password that was changed under us
		"3D": // the database is not there
		return true
	}
	return false
}

// isBroken reports whether an error says that the database failed at something that it should be able to do, and that its
// owner has to mend. Other than one that is down it may be able to do the rest: a page is damaged, and who does not need it
// has no harm, so that calls are not to be answered for each other.
func isBroken(err error) bool {
	code := sqlState(err)
	// XX is what should never be: damage, and whatever the system beneath says that has no state of its own, such as a
	// file that may grow no more (EFBIG). 42501 is a right that was taken from the role under us, or, as the server maps
	// EROFS too, a file system that the kernel reads only since its disk failed.
	return strings.HasPrefix(code, "XX") || code == "42501"
}

// isHeld reports whether somebody held what a transaction had to change, and did not let go of it in time.
func isHeld(err error) bool { return sqlState(err) == "55P03" }

// isBusy reports whether the database works, and what was asked of it had to wait for something else for too long.
func isBusy(err error) bool {
	return isHeld(err) || sqlState(err) == "57014" || errors.Is(err, errLate)
}

// isAway reports whether the database is not there, so that whatever else were asked of it would fail too.
func isAway(err error) bool { return isDown(err) && !isBusy(err) }

// isConflict reports whether a transaction has lost against another one and can simply be run again.
func isConflict(err error) bool {
	code := sqlState(err)
	return code == "40001" || code == "40P01"
}

// sqlState is the SQLSTATE of the server's error in err's chain, "" if there is none.
func sqlState(err error) string {
	var server *pgconn.PgError
	if errors.As(err, &server) && len(server.Code) == 5 {
		return server.Code
	}
	return ""
}

// errNoTask is the answer about a task that is not there.
func errNoTask() error { return lastcall.Errorf(lastcall.CodeNotFound, "there is no such task") }
