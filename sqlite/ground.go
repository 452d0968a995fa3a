package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// ground is what a store stands on: the database, its log and the index of the log, as they were opened.
//
// The kernel lets anybody remove, replace or cut a file that is in use, and SQLite does not look: it would go on writing,
// with every sync coming back well, to what no process after this one will find. So before a batch is written and again
// before it is acknowledged (G1), the names must still lead to the files that are open, and these must be as long as they
// were. Of the two looks the first keeps a log that was cut short from being continued behind the hole, as whatever
// follows a hole is not found after a crash; the second is the promise. A look is three calls of stat(2), a few
// microseconds beside a sync.
//
// The files must not be opened to be looked at: closing one again would drop the locks that SQLite has on it (POSIX
// gives a process one set of locks for each file).
//
// What is found does not close a connection: as long as one is open, what was in a removed file can be saved
// (/proc/PID/fd). And none may be opened, which would make files anew under the old names.
type ground struct {
	path string

	mu    sync.Mutex
	users int                 // connections
	files map[string]*footing // by what follows the database's name; those beside it are there while there are users
	lost  *groundError        // what cannot be made good; it stays until the store is closed
}

// footing is one of the files, as last seen.
type footing struct {
	info os.FileInfo
	size int64
}

// beside are the names of the files, less that of the database.
var beside = []string{"", "-wal", "-shm"}

// groundError says what has become of a file.
type groundError struct {
	file, what, do string
}

func (e *groundError) Error() string { return e.file + " " + e.what }

// newGround stands on the file at path, which is there.
func newGround(path string) (*ground, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return &ground{path: path, files: map[string]*footing{"": {info, info.Size()}}}, nil
}

// connect opens a connection, unless the files are not those of the others any more.
func (g *ground) connect(open func(path string) (*sqlite3.Conn, error)) (*sqlite3.Conn, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.users == 0 { // another process that was the last to leave may have removed log and index
		delete(g.files, "-wal")
		delete(g.files, "-shm")
	}
	if err := g.look(nil); err != nil {
		return nil, err.unavailable()
	}
	c, err := open(g.path)
	if err != nil {
		return nil, err
	}
	g.users++
	if err := g.look(nil); err != nil { // it was removed just before
		g.users--
		c.KeepLog()
		return nil, errors.Join(err.unavailable(), c.Close())
	}
	return c, nil
}

// leave closes a connection, and leaves the log beside the file.
func (g *ground) leave(c *sqlite3.Conn) error {
	g.mu.Lock()
	g.users--
	g.mu.Unlock()
	c.KeepLog()
	return c.Close()
}

// leaveLast closes the last connection. The log goes into the file, and is removed with its index, unless they are not
// those that it was opened with: SQLite goes by their names, and would take them from under another process.
func (g *ground) leaveLast(c *sqlite3.Conn) error {
	if g.check(nil) != nil {
		c.KeepLog()
	}
	return c.Close()
}

// check looks at the files. Where one has become shorter, c is asked how long it has to be; without c it may be.
func (g *ground) check(c *sqlite3.Conn) *groundError {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.look(c)
}

// look is check. The mutex is held.
func (g *ground) look(c *sqlite3.Conn) *groundError {
	for _, suffix := range beside {
		if g.lost != nil {
			break
		}
		if err := g.lookAt(suffix, c); err != nil {
			return err
		}
	}
	return g.lost
}

// lookAt looks at one of the files. Log and index are there from the first connection on, and are seen for the first
// time then.
func (g *ground) lookAt(suffix string, c *sqlite3.Conn) *groundError {
	name := g.path + suffix
	f := g.files[suffix]
	if f == nil {
		if info, err := os.Stat(name); err == nil && g.users > 0 {
			g.files[suffix] = &footing{info, info.Size()}
		}
		return nil
	}
	switch info, err := os.Stat(name); {
	case errors.Is(err, fs.ErrNotExist):
		return &groundError{name, "was removed while the store was using it", bringBack}
	case err != nil:
		return &groundError{name, "cannot be looked at: " + err.Error(), "see to the disk, and to the rights to its folder"}
	case !os.SameFile(info, f.info):
		return &groundError{name, "was replaced by another file while the store was using it", bringBack}
	case suffix != "-shm" && info.Size() < f.size && c != nil && isCut(name, f.size, c):
		g.lost = &groundError{name, fmt.Sprintf("was cut short to %d bytes while the store was using it", info.Size()), restore}
		return g.lost
	default:
		f.size = info.Size()
		return nil
	}
}

// What to do. The documents say more.
const (
	bringBack = "put the same file back, and the node goes on by itself; or save what was in it from /proc/PID/fd while this " +
		"process lives, and restart it then (docs/operations.md)"
	restore = "restore the store from a backup; a node that is restarted instead serves what is left, without what was lost"
)

// isCut reports whether a file that has become shorter lacks something. It may have become shorter in a good way: another
// process has emptied the log, or packed the database (VACUUM). As it may just be at it, the answer must come out the
// same three times.
func isCut(name string, seen int64, c *sqlite3.Conn) bool {
	for range 3 {
		info, err := os.Stat(name)
		if err != nil {
			return true
		}
		least := leastFile
		if strings.HasSuffix(name, "-wal") {
			least = leastLog
		}
		want, err := least(c, seen)
		if err != nil {
			return sqlite3.KindOf(err) != sqlite3.Busy
		}
		if info.Size() >= want {
			return false
		}
	}
	return true
}

// leastLog is how long the log has to be: a header, and one for each page (sqlite.org/fileformat2.html, section 4).
func leastLog(c *sqlite3.Conn, _ int64) (int64, error) {
	frames, _, err := c.Log()
	if err != nil || frames == 0 {
		return 0, err
	}
	size, err := pragmaInt(c, "page_size")
	return 32 + frames*(24+size), err
}

// leastFile is how long a database that was seen to be longer has to be: as long as that, unless it has fewer pages now,
// and then so long that no more is missing than what is still in the log.
func leastFile(c *sqlite3.Conn, seen int64) (int64, error) {
	frames, moved, err := c.Log()
	if err != nil {
		return 0, err
	}
	pages, err := pragmaInt(c, "page_count")
	if err != nil {
		return 0, err
	}
	size, err := pragmaInt(c, "page_size")
	if pages*size >= seen {
		return seen, err
	}
	return (pages - (frames - moved)) * size, err
}

// unavailable is what callers are told.
func (e *groundError) unavailable() error {
	return &lastcall.Error{
		Code: lastcall.CodeStoreUnavailable, Detail: "the store's file was removed, replaced or cut short",
		RetryAfter: 10 * time.Second, Err: fmt.Errorf("%s %s", e.file, e.what),
	}
}
