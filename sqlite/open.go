package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// Options are what a store may be told beside its path.
type Options struct {
	Logger *slog.Logger // slog.Default()
	// Committed is called after each commit that wrote something, with how many calls shared it and how long it took, the sync included. It
	// must not block: the next batch waits for it.
	Committed func(calls int, took time.Duration)
	// KeepSchema leaves the file in the version that it has, and makes none where there is none: for who looks after a
	// file beside the nodes that serve it, and must not bring it on under them. Only Backup and NewEpoch work on every
	// version that can be opened; other methods may fail on one that is not the newest.
	KeepSchema bool
}

// minVersion is the first SQLite without the fault by which a write-ahead log that one connection begins anew while
// another checkpoints could lose pages (sqlite.org/wal.html, "The WAL-reset bug").
const minVersion = 3_051_003

// Open opens the store in the file at path, and makes it where there is none. It fails, with a sentence that says what
// to do, when the file is of a later version, is damaged or is not lastcall's, or lies on a network file system. Ctx
// bounds the wait for another process that sets the same file up.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Committed == nil {
		o.Committed = func(int, time.Duration) {}
	}
	s, err := open(ctx, path, o)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return s, nil
}

func open(ctx context.Context, path string, o Options) (*Store, error) {
	if v := sqlite3.VersionNumber(); v < minVersion {
		return nil, fmt.Errorf("this program was built with SQLite %d; it needs %d (3.51.3) or later", v, minVersion)
	}
	path, err := checkPath(path)
	if err != nil {
		return nil, err
	}
	if o.KeepSchema {
		if err := checkLog(path); err != nil { // before a file that is not there
			return nil, err
		}
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
	}
	setup, err := lockSetup(ctx, path)
	if err != nil {
		return nil, err
	}
	defer setup.Close()
	if err := removeOrphans(path); err != nil {
		return nil, err
	}
	if err := checkLog(path); err != nil {
		return nil, err
	}
	return start(path, o)
}

// checkPath makes path absolute, as a later change of the working directory must not open another file, and refuses
// what cannot hold a store.
func checkPath(path string) (string, error) {
	if path == "" || path == ":memory:" {
		return "", errors.New("a store must be a file: what is in memory alone is lost with the process")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // so that the files beside it are the same ones by whichever name it is opened
	}
	dir := filepath.Dir(path)
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		return "", fmt.Errorf("there is no directory %s; make it first", dir)
	}
	name, err := networkFileSystem(dir)
	if err != nil {
		return "", err
	}
	if name != "" {
		return "", fmt.Errorf("%s lies on a network file system (%s), where file locks cannot be relied on; "+
			"use a local disk, or PostgreSQL to share a store between machines", dir, name)
	}
	return path, nil
}

// checkLog refuses a log without its database: SQLite would take the two for a new store, and remove the log with all
// that stands in it alone. No crash leaves this behind, as a log is begun when the first page of the database is on the
// disk.
func checkLog(path string) error {
	log, err := os.Stat(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) || err == nil && log.Size() == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	switch file, err := os.Stat(path); {
	case err == nil && file.Size() > 0:
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return errors.New("its log is there, with tasks in it, and the file itself was removed or emptied; " +
		"put the file back or restore a backup, or remove the log (" + path + "-wal) to begin with nothing")
}

// start opens the connections of a file whose set-up lock is held.
func start(path string, o Options) (*Store, error) {
	if !o.KeepSchema {
		makePrivate(path)
	}
	g, err := newGround(path)
	if err != nil {
		return nil, err
	}
	conn, err := g.connect(openWriter)
	if err != nil {
		return nil, explain(err)
	}
	if err := takeOver(conn); err != nil {
		return nil, errors.Join(explain(err), conn.Close())
	}
	bring := migrate
	if o.KeepSchema {
		bring = checkSchema
	}
	if err := bring(conn); err != nil {
		return nil, errors.Join(explain(err), conn.Close())
	}
	if err := g.begin(conn); err != nil {
		return nil, errors.Join(explain(err), conn.Close())
	}
	readers, err := newReaders(g)
	if err != nil {
		return nil, errors.Join(explain(err), conn.Close())
	}
	s := &Store{path: path, log: o.Logger, readers: readers, writer: newWriter(g, conn, o)}
	s.writer.start()
	return s, nil
}

// makePrivate makes a new file one that its owner alone can read; SQLite gives the log beside it the same mode. What
// clients submit is nobody else's business. A file that is there keeps its mode. What goes wrong SQLite will meet again,
// and there it is said what to do.
func makePrivate(path string) {
	// A file that is there is not opened: to close it would drop the locks that this process may have on it.
	if f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		_ = f.Close() // nothing was written to it
	}
}

// explain says in words what a file's owner can do about an error of SQLite's.
func explain(err error) error {
	switch sqlite3.KindOf(err) {
	case sqlite3.Damaged:
		return fmt.Errorf("the file is damaged or is no database; restore it from a backup, "+
			"or, if the kernel's log says that the disk cannot be read, mend that first; "+
			"or save what can be read of it with `sqlite3 FILE .recover`: %w", err)
	case sqlite3.Full:
		return fmt.Errorf("the disk is full; make room and start again: %w", err)
	case sqlite3.Broken:
		return fmt.Errorf("the file, or one beside it, cannot be opened, read or written; check the disk and the "+
			"permissions of the file and its directory: %w", err)
	default:
		return err
	}
}

// lockSetup takes the lock under which a file is made, migrated, and given lock files of incarnations, waiting for
// whoever has it. Closing what it returns gives it back.
func lockSetup(ctx context.Context, path string) (*os.File, error) {
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		if f, err := trySetup(path + ".lock"); f != nil || err != nil {
			return f, err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("another process is setting it up: %w", context.Cause(ctx))
		}
	}
}

// trySetup takes the lock if it is free. One on a file that was removed meanwhile keeps nobody out, and does not count.
func trySetup(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if ok, err := tryLock(f); err != nil || !ok || !isThere(f) {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// isThere reports whether the file still bears its name.
func isThere(f *os.File) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(f.Name())
	return err == nil && os.SameFile(mine, there)
}
