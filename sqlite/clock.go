package sqlite

import "time"

// The store's clock is the host's wall clock, and may be set. What is a length of time and stands in the file as a time of
// day is then moved, so that nothing ends, or goes on for hours, by that (lastcall.ClockWatch).

// hour is what the clock says, and by how much it was set, as a sweep finds it.
type hour struct {
	now  time.Time
	step time.Duration // 0 if it was not
}

func (s *Store) readClock() hour {
	at := time.Now() // both clocks at once: a stop between two readings would be a step
	h := hour{now: at.UTC().Truncate(time.Microsecond)}
	h.step = s.clock.Look(h.now, at)
	return h
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
		return tx.stmt("leases_back").Time(at.now).Run()
	}
	return nil
}
