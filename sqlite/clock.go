package sqlite

import (
	"context"
	"time"
)

// The store's clock is the host's wall clock, and may be set. What is a length of time and stands in the file as a time of
// day is then moved, so that nothing ends, or goes on for hours, by that (lastcall.ClockWatch).

// hour is what the clock says, and by how much it was set, as a sweep finds it.
type hour struct {
	now  time.Time
	step time.Duration // 0 if it was not
	late []taskID      // that have run and wait to run again, longer by the step back than they were to
}

func (s *Store) readClock() hour {
	at := time.Now() // both clocks at once: a stop between two readings would be a step
	h := hour{now: at.UTC().Truncate(time.Microsecond)}
	h.step = s.clock.Look(h.now, at)
	return h
}

// findLate finds what waits to run again as of before the clock was set back: tasks that were started later than it now is.
// Such a one as was started earlier has taken longer than the step, and waits longer by no more than that. The walk is one
// over all that is scheduled, and rare.
func (s *Store) findLate(ctx context.Context, at *hour, most int) error {
	if at.step >= 0 {
		return nil
	}
	return s.read(ctx, "clock", func(v view) (err error) {
		at.late, err = listIDs(v.stmt("retries_late").Time(at.now).Int(int64(most)))
		return err
	})
}

// setClock moves what is under way to where the clock was set: leases are whole again. Of processes on one file each finds
// out by itself, and a second time changes nothing.
func (tx *tx) setClock(at hour) error {
	switch {
	case at.step > 0:
		return tx.stmt("leases_forward").Time(at.now).Int(at.step.Microseconds()).Run()
	case at.step < 0:
		if err := tx.stmt("nodes_back").Time(at.now).Run(); err != nil {
			return err
		}
		for _, id := range at.late {
			if err := tx.stmt("retry_back").Int(-at.step.Microseconds()).Time(at.now).Bytes(id[:]).Run(); err != nil {
				return err
			}
		}
		return tx.stmt("leases_back").Time(at.now).Run()
	}
	return nil
}
