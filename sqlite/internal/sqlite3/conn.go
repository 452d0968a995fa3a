// Package sqlite3 is SQLite's own C interface, as modernc.org/sqlite/lib has translated it, in as few words as the
// store needs: connections and prepared statements, without database/sql between.
//
// The driver for database/sql was measured first: for a row of a submit it costs half as much again as SQLite itself
// (docs/adr/0002-sqlite-group-commit.md), as each argument is boxed, named and allocated, and each result has its
// columns described anew. Here an argument is copied once, into memory that the statement keeps. Going round the driver
// also leaves the name "sqlite" in database/sql to programs that embed lastcall and bring a driver of their own.
//
// Nothing here is safe for concurrent use: a connection, with all its statements, belongs to one goroutine at a time.
// SQLite is opened without its per-connection mutex for that reason.
package sqlite3

import (
	"fmt"
	"syscall"
	"time"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// The modes of Checkpoint.
const (
	Passive  = int32(lib.SQLITE_CHECKPOINT_PASSIVE)  // as far as readers let it
	Truncate = int32(lib.SQLITE_CHECKPOINT_TRUNCATE) // all of it, and cut the log to nothing
)

//nolint:gochecknoinits // it writes a variable of the library's, as the driver's own init does, before any goroutine can read it
func init() {
	lib.PatchIssue199() // the page size of the kernel on linux/arm64
}

// Conn is a connection to a database file.
type Conn struct {
	tls   *libc.TLS
	db    uintptr
	out   uintptr // two words for what SQLite hands back through pointers
	stmts map[string]*Stmt
}

// VersionNumber is SQLite's version as one number: 3051003 is 3.51.3.
func VersionNumber() int {
	tls := libc.NewTLS()
	defer tls.Close()
	return int(lib.Xsqlite3_libversion_number(tls))
}

// Open opens the file at path for reading and writing, and makes it where it is not there. A lock that another
// connection holds is waited for as long as busy says.
func Open(path string, busy time.Duration) (*Conn, error) {
	c := &Conn{tls: libc.NewTLS(), stmts: map[string]*Stmt{}}
	if c.out = libc.Xmalloc(c.tls, 16); c.out == 0 {
		c.tls.Close()
		return nil, &Error{Code: lib.SQLITE_NOMEM, Msg: "out of memory"}
	}
	name, err := libc.CString(path)
	if err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("the path %q: %w", path, err)
	}
	defer libc.Xfree(c.tls, name)
	rc := lib.Xsqlite3_open_v2(c.tls, name, c.out,
		lib.SQLITE_OPEN_READWRITE|lib.SQLITE_OPEN_CREATE|lib.SQLITE_OPEN_NOMUTEX, 0)
	c.db = c.word(0) // is there also after a failure, for its message
	if rc == lib.SQLITE_OK {
		lib.Xsqlite3_extended_result_codes(c.tls, c.db, 1)
		rc = lib.Xsqlite3_busy_timeout(c.tls, c.db, int32(busy.Milliseconds()))
	}
	if rc != lib.SQLITE_OK {
		err := c.error(rc)
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// Wait sets how long a lock that another connection holds is waited for from now on.
func (c *Conn) Wait(busy time.Duration) {
	lib.Xsqlite3_busy_timeout(c.tls, c.db, int32(busy.Milliseconds())) // its only error is a connection that is none
}

// Close finalizes all statements and closes the connection. The last one of a file that closes checkpoints it.
func (c *Conn) Close() error {
	for _, s := range c.stmts {
		s.finalize()
	}
	clear(c.stmts)
	rc := lib.Xsqlite3_close_v2(c.tls, c.db)
	var err error
	if rc != lib.SQLITE_OK {
		err = &Error{Code: int(rc), Msg: libc.GoString(lib.Xsqlite3_errstr(c.tls, rc))}
	}
	libc.Xfree(c.tls, c.out)
	c.tls.Close()
	return err
}

// Stmt is the statement of that text, prepared the first time it is asked for and kept with the connection. It comes
// reset: whatever an earlier use left behind is gone. When it cannot be prepared, its first step says so.
func (c *Conn) Stmt(sql string) *Stmt {
	if s, ok := c.stmts[sql]; ok {
		s.Reset()
		return s
	}
	s, _, err := c.prepare(sql)
	if err != nil {
		return &Stmt{c: c, err: fmt.Errorf("prepare %.40q: %w", sql, err)}
	}
	c.stmts[sql] = s
	return s
}

// Exec runs a script of statements that take no arguments; the rows that they return are passed over.
func (c *Conn) Exec(script string) error {
	for script != "" {
		s, rest, err := c.prepare(script)
		if err != nil {
			return err
		}
		script = rest
		if s == nil { // nothing but a comment was left
			continue
		}
		err = s.Run()
		s.finalize()
		if err != nil {
			return err
		}
	}
	return nil
}

// Interrupt ends the statement that is running, with an error of which IsInterrupted is true. Alone among the methods it
// may be called by any goroutine, as long as the connection is not closed meanwhile.
func (c *Conn) Interrupt() {
	tls := libc.NewTLS()
	defer tls.Close()
	lib.Xsqlite3_interrupt(tls, c.db)
}

// InTransaction reports whether a transaction is open. Some errors end it by themselves.
func (c *Conn) InTransaction() bool { return lib.Xsqlite3_get_autocommit(c.tls, c.db) == 0 }

// Changes is how many rows have been inserted, updated or deleted since the connection was opened.
func (c *Conn) Changes() int64 { return lib.Xsqlite3_total_changes64(c.tls, c.db) }

// PagesWritten is how many pages the connection has appended to the write-ahead log since it was last asked.
func (c *Conn) PagesWritten() int {
	lib.Xsqlite3_db_status(c.tls, c.db, lib.SQLITE_DBSTATUS_CACHE_WRITE, c.out, c.out+8, 1)
	return int(*(*int32)(at(c.out)))
}

// Checkpoint moves pages from the log into the file. With Passive it waits for nobody and reports whether the log is
// now empty of what is needed; with Truncate a reader in the way is an error of IsBusy.
func (c *Conn) Checkpoint(mode int32) (all bool, err error) {
	rc := lib.Xsqlite3_wal_checkpoint_v2(c.tls, c.db, 0, mode, c.out, c.out+8)
	if rc != lib.SQLITE_OK {
		return false, c.error(rc)
	}
	return *(*int32)(at(c.out)) == *(*int32)(at(c.out + 8)), nil
}

// Log is how many pages stand in the log, and how many of them have been moved into the file. It changes nothing, and
// must not be asked for within a transaction.
func (c *Conn) Log() (pages, moved int64, err error) {
	rc := lib.Xsqlite3_wal_checkpoint_v2(c.tls, c.db, 0, lib.SQLITE_CHECKPOINT_NOOP, c.out, c.out+8)
	if rc != lib.SQLITE_OK {
		return 0, 0, c.error(rc)
	}
	return int64(*(*int32)(at(c.out))), int64(*(*int32)(at(c.out + 8))), nil
}

// KeepLog has Close leave the log and its index where they are, though it be the last: else both are removed, by their
// names, whosever files bear these by then.
func (c *Conn) KeepLog() {
	args := libc.NewVaList(int32(1), uintptr(0))
	defer libc.Xfree(c.tls, args)
	lib.Xsqlite3_db_config(c.tls, c.db, lib.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, args) // its only error is an option that is none
}

// prepare compiles the first statement of sql and returns what follows it; the statement is nil where there is none.
func (c *Conn) prepare(sql string) (s *Stmt, rest string, err error) {
	text, err := libc.CString(sql)
	if err != nil {
		return nil, "", fmt.Errorf("prepare: %w", err)
	}
	defer libc.Xfree(c.tls, text)
	rc := lib.Xsqlite3_prepare_v3(c.tls, c.db, text, int32(len(sql)), lib.SQLITE_PREPARE_PERSISTENT, c.out, c.out+8)
	if rc != lib.SQLITE_OK {
		return nil, "", c.error(rc)
	}
	rest = sql[c.word(1)-text:]
	if c.word(0) == 0 {
		return nil, rest, nil
	}
	return &Stmt{c: c, p: c.word(0)}, rest, nil
}

// word is one of the two words that SQLite hands back through pointers.
func (c *Conn) word(i uintptr) uintptr { return *(*uintptr)(at(c.out + 8*i)) }

// error is the connection's latest failure, with what the system had to say of it.
func (c *Conn) error(rc int32) error {
	e := &Error{Code: int(rc), Msg: libc.GoString(lib.Xsqlite3_errmsg(c.tls, c.db))}
	if primary := rc & 0xff; primary == lib.SQLITE_IOERR || primary == lib.SQLITE_CANTOPEN {
		if no := lib.Xsqlite3_system_errno(c.tls, c.db); no != 0 {
			e.Msg += ": " + syscall.Errno(no).Error()
		}
	}
	return e
}
