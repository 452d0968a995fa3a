package sqlite

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// checkpointPages is how many pages may stand in the log before they are moved into the file. Moving costs a sync of
// the file and some milliseconds, in which nothing is written; a longer log makes a start and each read slower.
const checkpointPages = 2000

// checkpoint moves the log into the file when at least that many pages stand in it. It is done by the writer and when
// all are answered: then it waits for nobody and nobody but the next batch waits for it, and the log, read to its end,
// can be begun anew. The file that the log is in keeps its length, up to journal_size_limit, so that it need not grow
// again.
func (w *writer) checkpoint(pages int) {
	if w.conn == nil || w.pages <= pages {
		return
	}
	if _, err := w.conn.Checkpoint(sqlite3.Passive); err != nil && sqlite3.KindOf(err) != sqlite3.Busy {
		w.log.Warn("the write-ahead log could not be moved into the file", slog.String("file", w.ground.path), slog.Any("error", err))
	}
	w.pages = 0
}

// checkGround checks that what is written goes where it will be found. What has happened is logged once.
func (w *writer) checkGround() error {
	err := w.ground.check(w.conn)
	switch {
	case err != nil && !w.shaken:
		w.log.Error("the store's file was removed, replaced or cut short; nothing is accepted any more",
			slog.String("file", err.file), slog.String("error", err.Error()), slog.String("do", err.do))
	case err == nil && w.shaken:
		w.log.Info("the store's files are where they were; it goes on", slog.String("file", w.ground.path))
	}
	w.shaken = err != nil
	if err != nil {
		return err.unavailable()
	}
	return nil
}

// giveUp closes a connection whose state is not known any more, unless it may be the last that has what was in a file.
func (w *writer) giveUp(why error) {
	if w.checkGround() != nil {
		return
	}
	w.log.Error("the store's connection is given up; it will be opened anew",
		slog.String("file", w.ground.path), slog.Any("error", why))
	if err := w.ground.leave(w.conn); err != nil {
		w.log.Warn("close of the connection that was given up", slog.Any("error", err))
	}
	w.conn = nil
}

// reopen opens the file anew after giveUp. When a sync fails, Linux reports it once and then takes the pages for clean
// (fsyncgate, 2018): the log may look whole and not be on the disk, and what is appended to it would be lost with it.
// So the log is moved into the file, with a sync of its own, and begun anew, before anything more is promised.
func (w *writer) reopen() error {
	if w.conn != nil {
		return nil
	}
	c, err := w.ground.connect(openWriter)
	if err != nil {
		return fmt.Errorf("open anew: %w", err)
	}
	if _, err := c.Checkpoint(sqlite3.Truncate); err != nil {
		return errors.Join(fmt.Errorf("checkpoint after a failure: %w", err), w.ground.leave(c))
	}
	c.Wait(0)
	w.conn, w.version = c, 0
	w.lookAtOthers()
	w.watchers.Publish([]lastcall.Hint{{}}) // what failed may have been written after all
	w.log.Info("the store was opened anew", slog.String("file", w.ground.path))
	return nil
}

// takeOver moves what earlier lives have left in the log into the file and begins the log anew, for the reason that
// reopen gives: a process that died of a disk that failed may have left commits that the kernel shows and the disk does
// not have. If another process works on the file there is nothing to be done. It keeps the index of the log, in which no
// failed commit stands, so that what looks left behind will be overwritten.
func takeOver(c *sqlite3.Conn) error {
	if err := c.Exec("PRAGMA busy_timeout = 0"); err != nil { // only the others can be in the way, and need not be waited for
		return err
	}
	_, err := c.Checkpoint(sqlite3.Truncate)
	if sqlite3.KindOf(err) == sqlite3.Busy {
		err = nil
	}
	return errors.Join(err, c.Exec(fmt.Sprintf("PRAGMA busy_timeout = %d", busyWait.Milliseconds())))
}
