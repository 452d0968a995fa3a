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
	packs int64               // PRAGMA schema_version, which a VACUUM counts up, as the size of the database was measured
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
	c, err := g.open(open)
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

// open opens a connection. That may take as long as another process holds the file, and who only looks must not wait for
// it: where there are users, who keep the files where they are, the mutex is let go meanwhile.
func (g *ground) open(open func(path string) (*sqlite3.Conn, error)) (*sqlite3.Conn, error) {
	if g.users > 0 {
		g.mu.Unlock()
		defer g.mu.Lock()
	}
	return open(g.path)
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
	case info.Size() >= f.size:
		f.size = info.Size()
	case suffix != "-shm" && c != nil: // else it stays as it was, for who can ask whether that is right
		return g.shorter(name, f, c)
	}
	return nil
}

// shorter finds out whether a file that has become shorter lacks something. It may have become so in a good way: another
// process has emptied the log, or packed the database (VACUUM). As it may just be at it, the answer must come out the same
// three times. Where SQLite cannot say now, the next look asks again.
func (g *ground) shorter(name string, f *footing, c *sqlite3.Conn) *groundError {
	is := int64(0)
	for range 3 {
		least, err := g.least(name, f.size, c)
		if k := sqlite3.KindOf(err); k == sqlite3.Busy {
			return nil
		}
		info, failed := os.Stat(name) // behind the question: in between it may only grow
		if failed != nil {
			return &groundError{name, "cannot be looked at: " + failed.Error(), bringBack}
		}
		if is = info.Size(); err != nil || is < least {
			continue
		}
		f.size = is
		if f == g.files[""] {
			_ = g.measure(c) // else it is as before, and the same is found again
		}
		return nil
	}
	g.lost = &groundError{name, fmt.Sprintf("was cut short to %d bytes while the store was using it", is), restore}
	return g.lost
}

// What to do. The documents say more.
const (
	bringBack = "put the same file back, and the node goes on by itself; or save what was in it from /proc/PID/fd while this " +
		"process lives, and restart it then (docs/operations.md)"
	restore = "restore the store from a backup; a node that is restarted instead serves what is left, without what was lost"
)

// least is how long a file that was seen to be longer has to be.
func (g *ground) least(name string, seen int64, c *sqlite3.Conn) (int64, error) {
	frames, moved, err := c.Log()
	if err != nil {
		return 0, err
	}
	if strings.HasSuffix(name, "-wal") {
		size, err := pragmaInt(c, "page_size")
		if err != nil || frames == 0 {
			return 0, err
		}
		return 32 + frames*(24+size), nil // a header, and one for each page (sqlite.org/fileformat2.html, section 4)
	}
	packs, pages, size, err := extent(c)
	if packs == g.packs && pages*size >= seen {
		return seen, err
	}
	// It was packed, and may have come to more pages since: of them no more may be missing than are still in the log.
	return (pages - (frames - moved)) * size, err
}

// extent is how many pages a database has, of which size, once all of its log is in it, and before that the version that
// says whether it was packed since.
func extent(c *sqlite3.Conn) (packs, pages, size int64, err error) {
	if packs, err = pragmaInt(c, "schema_version"); err != nil {
		return 0, 0, 0, err
	}
	if pages, err = pragmaInt(c, "page_count"); err != nil {
		return 0, 0, 0, err
	}
	size, err = pragmaInt(c, "page_size")
	return packs, pages, size, err
}

// begin measures the database when its schema is there, which counts the version up as well.
func (g *ground) begin(c *sqlite3.Conn) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.measure(c)
}

// measure notes how long the database is; less if another process has packed it and its end will yet be cut off. The mutex
// is held.
func (g *ground) measure(c *sqlite3.Conn) error {
	packs, pages, size, err := extent(c)
	if err != nil {
		return err
	}
	info, err := os.Stat(g.path)
	if err != nil {
		return err
	}
	g.packs, g.files[""].size = packs, min(info.Size(), pages*size)
	return nil
}

// unavailable is what callers are told.
func (e *groundError) unavailable() error {
	return &lastcall.Error{
		Code: lastcall.CodeStoreUnavailable, Detail: "the store's file was removed, replaced or cut short",
		RetryAfter: 10 * time.Second, Err: fmt.Errorf("%s %s", e.file, e.what),
	}
}
