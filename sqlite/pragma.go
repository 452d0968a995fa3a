package sqlite

import (
	"fmt"
	"time"

	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// busyWait is how long a connection waits for a lock; the writer does so itself (writer.lock). Only another process on
// the same file can hold one for longer than a moment, and it does not for longer than one batch or checkpoint.
const busyWait = 10 * time.Second

// applicationID marks the file as lastcall's ("lstc"), in the header of the file and for file(1).
const applicationID = 0x6c737463

// openWriter opens the connection that writes.
func openWriter(path string) (*sqlite3.Conn, error) {
	return openWith(path, `
		PRAGMA wal_autocheckpoint = 0;        -- the writer does it when it has answered (checkpoint.go)
		PRAGMA journal_size_limit = 67108864; -- a log that a long read has let grow is cut again
		PRAGMA cache_size = -16384;           -- KiB; a larger one costs each commit more (docs/adr/0002)
		PRAGMA temp_store = MEMORY;`)
}

// openReader opens a connection that can only read.
func openReader(path string) (*sqlite3.Conn, error) {
	return openWith(path, `
		PRAGMA wal_autocheckpoint = 0;
		PRAGMA cache_size = -8192;
		PRAGMA temp_store = MEMORY;
		PRAGMA query_only = ON;`)
}

// openWith opens the file, sets what every connection needs and then what this one needs, and reads back what the
// promises hang on (G1): a pragma that SQLite cannot follow is no error.
func openWith(path, pragmas string) (*sqlite3.Conn, error) {
	c, err := sqlite3.Open(path, busyWait)
	if err != nil {
		return nil, err
	}
	if err = configure(c, pragmas); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func configure(c *sqlite3.Conn, pragmas string) error {
	if _, err := readVersion(c); err != nil { // first: what is not ours is not to be changed, and the file keeps its mode
		return err
	}
	mode, err := pragma(c, "journal_mode = WAL")
	if err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the journal mode is %s and cannot be WAL; is the file on a local disk, "+
			"and do no programs hold it open?", mode)
	}
	if err := c.Exec("PRAGMA synchronous = FULL;" + pragmas); err != nil {
		return err
	}
	full, err := pragma(c, "synchronous")
	if err != nil {
		return err
	}
	if full != "2" {
		return fmt.Errorf("synchronous is %s and cannot be FULL", full)
	}
	return nil
}

// pragma runs a pragma and returns the one value that it answers.
func pragma(c *sqlite3.Conn, text string) (string, error) {
	st := c.Stmt("PRAGMA " + text)
	defer st.Reset()
	if _, err := st.Step(); err != nil {
		return "", err
	}
	return st.ColText(0), nil
}

// pragmaInt is pragma, of one that answers a number.
func pragmaInt(c *sqlite3.Conn, text string) (int64, error) {
	st := c.Stmt("PRAGMA " + text)
	defer st.Reset()
	_, err := st.Step()
	return st.ColInt(0), err
}
