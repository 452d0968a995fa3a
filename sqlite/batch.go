package sqlite

import (
	"errors"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// The bounds of a batch: it must not hold up the answer to its first call for long, nor fill the log.
const (
	batchCalls = 512
	batchBytes = 8 << 20
)

// writeBatch writes w.batch and, in the same commit, the calls that come until it has caught up with them; each then
// has its answer in err. A call that fails on account of what it wants to write must not cost the others their commit:
// all is undone and each gets a transaction of its own.
func (w *writer) writeBatch() {
	if len(w.batch) == 0 {
		return
	}
	err := w.begin()
	if err == nil {
		err = w.applyAll()
	}
	if err == nil {
		err = w.commit(len(w.batch))
	}
	switch {
	case err == nil:
	case !w.concernsCall(err):
		w.takeAll()
		w.fail(w.batch, err)
	case len(w.batch) == 1:
		w.undo()
		w.batch[0].err = unavailable(err)
	default:
		w.undo()
		w.writeEachAlone()
	}
}

// concernsCall reports whether an error is about what one call wants, the store being well: it cannot be written, or
// there is no room for it, which a smaller one may find.
func (w *writer) concernsCall(err error) bool {
	if w.conn == nil || w.shaken {
		return false
	}
	k := sqlite3.KindOf(err)
	return k == sqlite3.None || k == sqlite3.Statement || k == sqlite3.Full
}

// applyAll applies the batch and what else has come. It returns the first error of SQLite's; what callers are to be
// told themselves stands in their calls.
func (w *writer) applyAll() error {
	size := 0
	for i := 0; ; i++ {
		if i == len(w.batch) && !w.takeNext() {
			return w.tx.flush()
		}
		c := w.batch[i]
		if err := w.apply(c); err != nil {
			return err
		}
		if size += c.size; size > batchBytes || i >= batchCalls {
			return w.tx.flush()
		}
	}
}

// takeNext takes the next call that waits, if one does.
func (w *writer) takeNext() bool {
	for {
		select {
		case c := <-w.queue:
			if w.take(c) {
				return true
			}
		default:
			return false
		}
	}
}

// takeAll takes all that wait, as they share the batch's fate.
func (w *writer) takeAll() {
	for w.takeNext() {
	}
}

// apply runs one call inside the transaction. An error that is not SQLite's is the caller's answer, as long as it was
// found before anything was written; after that it must undo what the call did, and so the transaction.
func (w *writer) apply(c *call) error {
	w.tx.now = now()
	before := w.conn.Changes()
	err := c.fn(&w.tx)
	if err != nil && (sqlite3.KindOf(err) != sqlite3.None || w.conn.Changes() != before) {
		return err
	}
	c.err = err
	return nil
}

// begin begins a transaction, on a new connection if the last one was given up. It takes the lock for writing at once:
// one that began to read and then wanted to write could find that another process has written meanwhile, and would have
// to give up in the middle.
func (w *writer) begin() error {
	if err := w.reopen(); err != nil {
		return err
	}
	if err := w.checkGround(); err != nil {
		return err
	}
	w.tx.reset(w.conn, w.watchers.Any())
	return w.lock()
}

// lock begins a transaction as soon as no other process is in one. It tries more often than SQLite would, which waits
// longer each time, up to a tenth of a second: so it would sleep through most of the moments that a busy sibling leaves.
func (w *writer) lock() error {
	for began := time.Now(); ; {
		err := w.tx.stmt("begin_immediate").Run()
		if sqlite3.KindOf(err) != sqlite3.Busy || time.Since(began) > busyWait {
			return err
		}
		<-time.After(otherPause / 4)
	}
}

// commit waits until everything is on the disk (G1), of so many calls, then tells those who watch: before the callers, so
// that what they do next is not told first. After an error the connection is gone.
func (w *writer) commit(calls int) error {
	begin := time.Now()
	err := error(nil)
	if w.before != nil {
		err = w.before()
	}
	if err == nil {
		err = w.tx.stmt("commit").Run()
	}
	if err != nil {
		w.giveUp(err)
		return err
	}
	if err := w.checkGround(); err != nil { // nobody after us will find what was written
		return err
	}
	w.commits.Add(1)
	pages := w.conn.PagesWritten()
	w.pages += pages
	if pages > 0 { // else there was nothing to sync
		w.committed(calls, time.Since(begin))
	}
	w.watchers.Publish(w.tx.hints)
	return nil
}

// writeEachAlone gives each call of a batch that failed a transaction of its own.
func (w *writer) writeEachAlone() {
	for i, c := range w.batch {
		err := w.begin()
		if err == nil {
			err = w.apply(c)
		}
		if err == nil {
			err = w.tx.flush()
		}
		if err == nil {
			err = w.commit(1)
		}
		if err == nil {
			continue
		}
		if !w.concernsCall(err) {
			w.fail(w.batch[i:], err)
			return
		}
		w.undo()
		c.err = unavailable(err)
	}
}

// undo rolls back. A connection that cannot even do that is given up.
func (w *writer) undo() {
	if w.conn == nil || !w.conn.InTransaction() {
		return // some errors roll back by themselves
	}
	if err := w.tx.stmt("rollback").Run(); err != nil {
		w.giveUp(err)
	}
}

// fail answers calls with what has befallen the store, and gives its connection up, unless it is only busy or full, or is
// all that still has what was in a file.
func (w *writer) fail(calls []*call, err error) {
	for _, c := range calls {
		c.err = errUnknownFate(err)
	}
	w.undo()
	if k := sqlite3.KindOf(err); w.conn != nil && !w.shaken && k != sqlite3.Busy && k != sqlite3.Full {
		w.giveUp(err)
	}
}

// unavailable makes an error of SQLite's that concerns the store one that callers understand.
func unavailable(err error) error {
	e := &lastcall.Error{Code: lastcall.CodeStoreUnavailable, Err: err}
	switch sqlite3.KindOf(err) {
	case sqlite3.Full:
		e.Detail, e.RetryAfter = "the disk is full", 10*time.Second
	case sqlite3.Busy:
		e.Detail, e.RetryAfter = "another process holds the store", time.Second
	case sqlite3.Broken, sqlite3.Damaged:
		e.Detail, e.RetryAfter = "the store cannot be read or written", 2*time.Second
	default:
		return err
	}
	if known := (*lastcall.Error)(nil); errors.As(err, &known) {
		return err
	}
	return e
}
