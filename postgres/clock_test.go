package postgres

import (
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

const hours = 3 * time.Hour

// sweepSet has a node sweep that finds the database's clock set by so much. The clock itself stays: what is in the database is
// as it was made before.
func (h *beside) sweepSet(step time.Duration) {
	h.Helper()
	var said time.Time
	h.must(h.other.QueryRow(h.Context(), "SELECT clock_timestamp()").Scan(&said))
	h.store.clock = lastcall.ClockWatch{} // another node finds out by itself
	h.store.clock.Look(said.Add(-step), time.Now())
	h.sweep()
}

// in is in how many hours a time of the database's is, which a query tells.
func (h *beside) in(sql string) (span float64) {
	h.Helper()
	h.must(h.other.QueryRow(h.Context(), "SELECT extract(epoch FROM ("+sql+") - clock_timestamp())::float8 / 3600").Scan(&span))
	return span
}

// G3: a lease that had come to its end before the clock was set forward stays so, whoever finds out and how often. What
// queues have moved is added up all the same, while nothing is deleted for its age.
func TestAClockThatIsSetForwardRevivesNothing_G3(t *testing.T) {
	h := newBeside(t, "clock_forward")
	h.submit("alice")
	h.exec(`INSERT INTO lastcall.leases (holder, task, expires_at, ends_at, length)
		SELECT 'h', id, clock_timestamp() - interval '3 h 30 s', clock_timestamp() - interval '3 h 30 s', 3600000000000 FROM lastcall.tasks`)
	for range 2 {
		h.exec(h.store.sql["leases_forward"], hours.Microseconds())
	}
	var left, moves int
	h.must(h.other.QueryRow(h.Context(), "SELECT count(*) FROM lastcall.leases WHERE expires_at > clock_timestamp()").Scan(&left))
	h.sweepSet(hours)
	h.must(h.other.QueryRow(h.Context(), "SELECT count(*) FROM lastcall.queue_moves").Scan(&moves))
	if left != 0 || moves != 0 {
		t.Errorf("%d leases were revived, %d moves of queues are not added up", left, moves)
	}
}

// A retry waits as long as it was to, and not longer by what the clock was set back, whichever nodes find out. What was asked
// for at a time of day runs at that time.
func TestAClockThatIsSetBackHoldsUpNoRetry(t *testing.T) {
	h := newBeside(t, "clock_back")
	h.submit("alice")
	h.submit("bob")
	h.exec(`UPDATE lastcall.tasks SET status = 0, run_at = clock_timestamp() + interval '4 h'`)
	h.exec(`UPDATE lastcall.tasks SET run = 1, started_at = clock_timestamp() + interval '2 h' WHERE client = 'alice'`)
	for range 2 {
		h.sweepSet(-hours)
	}
	for client, want := range map[string]float64{"alice": 1, "bob": 4} {
		if got := h.in("SELECT run_at FROM lastcall.tasks WHERE client = '" + client + "'"); got < want-0.1 || got > want {
			t.Errorf("the task of %s is due in %.1f hours, want %.0f", client, got, want)
		}
	}
}
