package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

var _ lastcall.Backuper = (*Store)(nil)

// Backup copies the store into a new file. The copy is one snapshot, taken after the call began, and as compact as a
// file can be; it holds no log, so that it is whole by itself. Those who write meanwhile wait for nothing; what they
// write stays in the write-ahead log until the copy is done, as one reader still needs the file as it was.
//
// The incarnations in the copy have no lock files: whoever opens it finds them dead, and what they ran is given back.
func (s *Store) Backup(ctx context.Context, path string) error {
	if err := s.backup(ctx, path); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

func (s *Store) backup(ctx context.Context, path string) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := checkTarget(path); err != nil {
		return err
	}
	// The copy is made beside its place and moved there when it is whole: what bears the name is never half a backup.
	// It is its owner's alone (os.CreateTemp) from its first byte on.
	part, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*")
	if err != nil {
		return err
	}
	err = s.copyInto(ctx, part.Name())
	if err == nil {
		err = part.Sync() // SQLite does not: it takes the copy for a scratch file
	}
	if err = errors.Join(err, part.Close()); err == nil {
		err = moveNew(part.Name(), path)
	}
	if err != nil {
		return errors.Join(explain(err), os.Remove(part.Name()))
	}
	return syncDir(filepath.Dir(path))
}

// checkTarget refuses a path that a copy cannot be put at.
func checkTarget(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = errTaken(path)
		}
		return err
	}
	dir := filepath.Dir(path)
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		return fmt.Errorf("there is no directory %s; make it first", dir)
	}
	return nil
}

func errTaken(path string) error {
	return fmt.Errorf("there is already something at %s; name a file that is not there yet", path)
}

// copyInto writes a copy to an empty file. It has a connection of its own, as a long read must not take one from those
// that are short. The end of ctx interrupts it.
func (s *Store) copyInto(ctx context.Context, path string) error {
	conn, err := openWith(s.path, "PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;")
	if err != nil {
		return err
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { interruptAtEnd(ctx, conn, done) })
	err = view{conn}.stmt("vacuum_into").Text(path).Run()
	close(done)
	wg.Wait() // the connection is needed until then
	if sqlite3.IsInterrupted(err) {
		err = context.Cause(ctx)
	}
	return errors.Join(err, conn.Close())
}

// interruptAtEnd interrupts what conn is doing when ctx ends, unless done is closed first. It does so again and again, as
// a statement that has yet to begin does not notice.
func interruptAtEnd(ctx context.Context, conn *sqlite3.Conn, done <-chan struct{}) {
	select {
	case <-ctx.Done():
	case <-done:
		return
	}
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		conn.Interrupt()
		select {
		case <-again.C:
		case <-done:
			return
		}
	}
}

// moveNew gives a file the name that nobody has taken meanwhile. A link is made or fails, whoever else wants the name at
// the same moment. Some file systems have none (FAT, some of those in user space): there the name is looked at and then
// taken, and of two backups that do so within the same instant the later one stays.
func moveNew(from, to string) error {
	err := os.Link(from, to)
	if errors.Is(err, fs.ErrExist) {
		return errTaken(to)
	}
	if err == nil {
		return os.Remove(from)
	}
	if err := checkTarget(to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
