package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// sweepMost bounds a sweep whose caller does not.
const sweepMost = 1000

// Sweep does what time does. Finding out is done by a reader and by trying locks, so that the writer, and everybody who
// waits for it, is held up by the changes alone.
func (s *Store) Sweep(ctx context.Context, sw lastcall.Sweep) (did lastcall.Swept, err error) {
	if sw.Limit <= 0 {
		sw.Limit = sweepMost
	}
	at := s.readClock()
	if err := s.findLate(ctx, &at, sw.Limit); err != nil {
		return did, fmt.Errorf("sweep: %w", err)
	}
	found, err := s.findDead(ctx)
	if err != nil {
		return did, fmt.Errorf("sweep: %w", err)
	}
	old, err := s.findOld(ctx, &sw)
	if err != nil {
		return did, errors.Join(fmt.Errorf("sweep: %w", err), letGo(found, false))
	}
	err = s.write(ctx, "sweep", rowBytes*sw.Limit, func(tx *tx) (err error) {
		did, err = tx.sweep(&sw, found, old, at)
		return err
	})
	if err != nil {
		return lastcall.Swept{}, errors.Join(err, letGo(found, false))
	}
	if len(at.late) < sw.Limit { // else the next sweep goes on
		s.clock.Took(at.step)
	}
	if err := letGo(found, true); err != nil {
		s.log.Warn("lock files of dead nodes could not be removed", slog.Any("error", err))
	}
	return did, nil
}

// sweep does all kinds in one transaction. The dead come first, so that what they ran is there for the rest. Expiry
// comes before what is due: what was to run too late ends without having been in the line for a moment.
func (tx *tx) sweep(sw *lastcall.Sweep, found []dead, old *old, at hour) (did lastcall.Swept, err error) {
	if did.Crashed, err = tx.bury(found, sw.MaxCrashes); err != nil {
		return did, err
	}
	if err := tx.setClock(at); err != nil {
		return did, err
	}
	if err := tx.endLeases(sw, at.now, &did); err != nil {
		return did, err
	}
	if did.Expired, err = tx.moveTasks("expiring", sw.Limit, (*row).expire); err != nil {
		return did, err
	}
	if did.Due, err = tx.moveTasks("due", sw.Limit, (*row).toQueue); err != nil {
		return did, err
	}
	if did.Forgotten, err = tx.forget(old); err != nil {
		return did, err
	}
	did.More = did.More || len(at.late) >= sw.Limit || did.Expired >= sw.Limit || did.Due >= sw.Limit || old.more
	did.Now = tx.now
	did.Next, err = tx.nextDue(&did)
	return did, err
}

func (r *row) expire(tx *tx) *lastcall.Event { return r.Expire(tx.now) }

func (r *row) toQueue(*tx) *lastcall.Event {
	r.ToQueue()
	return nil
}

// moveTasks moves the tasks that a query finds due now. Of sweeps at the same time the second finds them moved.
func (tx *tx) moveTasks(query string, limit int, move func(*row, *tx) *lastcall.Event) (int, error) {
	st := tx.stmt(query)
	ids, err := listIDs(st.Time(tx.now).Int(int64(limit)))
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		r, err := tx.getRow(id)
		if err != nil {
			return 0, err
		}
		was := *r
		if err := tx.change(&was, r, move(r, tx)); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// listIDs reads the ids that a query returns, given its arguments.
func listIDs(st *sqlite3.Stmt) (ids []taskID, err error) {
	err = each(st, func() error {
		var id taskID
		st.ColCopy(0, id[:])
		ids = append(ids, id)
		return nil
	})
	return ids, err
}

// nextDue is when the next scheduled task is due; if some are due already there is more to do.
func (tx *tx) nextDue(did *lastcall.Swept) (next time.Time, err error) {
	st := tx.stmt("due_next")
	defer st.Reset()
	found, err := st.Step()
	if !found || err != nil {
		return next, err
	}
	next = st.ColTime(0)
	did.More = did.More || !next.After(tx.now)
	return next, nil
}
