package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// Examine looks at the file of a store, with nodes at work or without, and says what would hurt it. It changes nothing,
// and reads every page. Its error says why it could not look; what is wrong with the store is a finding,
// a log that has lost its database included.
func Examine(ctx context.Context, path string) ([]lastcall.Finding, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("examine %s: %w", path, err)
	}
	if found := orphaned(whole); found != nil {
		return found, nil
	}
	info, err := os.Stat(whole)
	if err != nil {
		return nil, fmt.Errorf("examine %s: %w", path, err)
	}
	d := doctor{path: whole, bytes: info.Size()}
	d.place(info.Mode())
	d.locks(ctx)
	d.log()
	if err := d.room(); err != nil {
		return nil, fmt.Errorf("examine %s: %w", path, err)
	}
	if err := d.inside(ctx); err != nil {
		return nil, fmt.Errorf("examine %s: %w", path, err)
	}
	return d.found, nil
}

// orphaned is what a node would say of a log without its database, and all there is to look at then; nil if all is there.
func orphaned(path string) []lastcall.Finding {
	lost := checkLog(path)
	if lost == nil {
		return nil
	}
	return []lastcall.Finding{{
		Check: "log", Level: lastcall.LevelBad, Seen: lost.Error(), Why: "tasks stand in the log alone; no node starts on it",
		Do: "do not remove anything yet: docs/operations.md says how to get the file back",
	}}
}

// setupWait bounds the wait for a process that sets the file up: a doctor would rather say that one does.
const setupWait = 2 * time.Second

// doctor is one look at a file.
type doctor struct {
	path  string // absolute
	bytes int64
	found []lastcall.Finding
}

// ok says that all is well with a thing.
func (d *doctor) ok(check, seen string) { d.say(lastcall.LevelOK, check, seen, "") }

// say says how a thing is, and what to do about it.
func (d *doctor) say(level, check, seen, do string) {
	d.found = append(d.found, lastcall.Finding{Check: check, Level: level, Seen: seen, Why: reasons[check], Do: do})
}

// reasons say why each thing is looked at.
var reasons = map[string]string{
	"file system": "locks tell the living from the dead, and a sync must reach the disk",
	"permissions": "the file holds what clients submitted",
	"nodes":       "what a node ran that died waits until another one looks",
	"log":         "it grows as long as somebody reads the file as it was",
	"room":        "on a full disk nothing is accepted and no result is kept",
	"schema":      "a lastcall refuses a file of a later version than it knows",
	"integrity":   "what cannot be read is lost",
}

// place looks where the file lies, and who may read it.
func (d *doctor) place(mode fs.FileMode) {
	switch name, err := networkFileSystem(filepath.Dir(d.path)); {
	case err != nil:
		d.say(lastcall.LevelWarn, "file system", "which file system it lies on cannot be said: "+err.Error(), "make sure that it is a local disk")
	case name != "":
		d.say(lastcall.LevelBad, "file system", "it lies on a network file system, "+name+", whose locks cannot be relied on",
			"move it to a local disk, or go to PostgreSQL; nodes do not start on it")
	default:
		d.ok("file system", "it lies on a disk of this machine")
	}
	if mode.Perm()&0o077 != 0 {
		d.say(lastcall.LevelWarn, "permissions", fmt.Sprintf("others than its owner may get at it (%s)", mode.Perm()),
			"chmod 600 it, and the files beside it")
	} else {
		d.ok("permissions", "it is its owner's alone")
	}
}

// locks counts the nodes that hold their locks.
func (d *doctor) locks(ctx context.Context) {
	alive, dead, err := countLeases(ctx, d.path)
	found := fmt.Sprintf("nodes that use it: %d", alive)
	switch {
	case err != nil:
		d.say(lastcall.LevelWarn, "nodes", "who uses it cannot be said: "+err.Error(), "run doctor as the user of the nodes, on their host")
	case dead > 0:
		d.say(lastcall.LevelWarn, "nodes", fmt.Sprintf("%s; of nodes that died: %d", found, dead),
			"the next node that sweeps or starts gives back what they ran; look why they died")
	default:
		d.ok("nodes", found)
	}
}

// countLeases tries the locks of all incarnations: that of one that lives cannot be had. It does so under the lock of the
// set-up, so as not to be in the way of one that is just taking its own.
func countLeases(ctx context.Context, path string) (alive, dead int, err error) {
	ctx, cancel := context.WithTimeout(ctx, setupWait)
	defer cancel()
	setup, err := lockSetup(ctx, path)
	if err != nil {
		return 0, 0, err
	}
	defer setup.Close()
	dir, base := filepath.Split(leasePath(path, ""))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, 0, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), base) {
			continue
		}
		f, err := os.Open(filepath.Join(dir, e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has left meanwhile
		}
		if err != nil {
			return 0, 0, err
		}
		free, err := tryLock(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return 0, 0, err
		}
		if free {
			dead++
		} else {
			alive++
		}
	}
	return alive, dead, nil
}

// longLog is a log that has grown past what it is cut back to (openWriter): a reader keeps it from being moved.
const longLog = 256 << 20

func (d *doctor) log() {
	info, err := os.Stat(d.path + "-wal")
	size := int64(0)
	if err == nil {
		size = info.Size()
	}
	if size > longLog {
		d.say(lastcall.LevelWarn, "log", "the write-ahead log beside it has grown to "+mebibytes(size),
			"end what has been reading the file for long, such as a sqlite3 shell or a copy that hangs")
		return
	}
	d.ok("log", "the write-ahead log beside it has "+mebibytes(size))
}

// room compares what is free on the disk with what the store needs: a full disk refuses every submit.
func (d *doctor) room() error {
	free, known, err := freeSpace(filepath.Dir(d.path))
	if err == nil && known {
		d.judgeRoom(free)
	}
	return err
}

func (d *doctor) judgeRoom(free int64) {
	found := fmt.Sprintf("the store has %s, and its disk has %s free", mebibytes(d.bytes), mebibytes(free))
	switch {
	case free < 64<<20:
		d.say(lastcall.LevelBad, "room", found,
			"free space on that disk, or move other files off it; nodes go on by themselves as soon as there is some")
	case free < max(d.bytes, 1<<30):
		d.say(lastcall.LevelWarn, "room", found, "make room: a backup beside it needs as much again, and the log grows while one is made")
	default:
		d.ok("room", found)
	}
}

// inside looks into the file by a connection of its own. The end of ctx interrupts it.
func (d *doctor) inside(ctx context.Context) error {
	conn, err := openReader(d.path)
	if err != nil {
		d.say(lastcall.LevelBad, "integrity", explain(err).Error(), "restore it from a backup, and run lastcall new-epoch then")
		return nil
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() { interruptAtEnd(ctx, conn, done) })
	err = d.schema(conn)
	if err == nil {
		err = d.integrity(conn)
	}
	close(done)
	wg.Wait() // the connection is needed until then
	if sqlite3.IsInterrupted(err) {
		err = context.Cause(ctx)
	}
	return errors.Join(err, conn.Close())
}

func (d *doctor) schema(c *sqlite3.Conn) error {
	version, err := readVersion(c)
	if err != nil {
		return err
	}
	steps, err := schemaFiles.ReadDir("schema")
	if err != nil {
		return err
	}
	found := fmt.Sprintf("its schema is version %d; this lastcall knows versions up to %d", version, len(steps))
	switch {
	case version > len(steps):
		d.say(lastcall.LevelBad, "schema", found, "use the newer lastcall that brought it there")
	case version < len(steps):
		d.say(lastcall.LevelWarn, "schema", found, "the next node of this version brings it on, or lastcall migrate")
	default:
		d.ok("schema", found)
	}
	return nil
}

// integrity reads every page. The first thing that is wrong is told.
func (d *doctor) integrity(c *sqlite3.Conn) error {
	said, err := pragma(c, "quick_check(1)")
	switch {
	case sqlite3.IsInterrupted(err):
		return err
	case err != nil:
		said = err.Error()
	case said == "ok":
		d.ok("integrity", "every page is as it should be")
		return nil
	}
	d.say(lastcall.LevelBad, "integrity", "it is damaged: "+said,
		"restore it from a backup, and run lastcall new-epoch then; what can be read of it, `sqlite3 FILE .recover` saves")
	return nil
}

// mebibytes is a size for people.
func mebibytes(n int64) string {
	return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MiB"
}
