package sqlite

import (
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

const hours = 3 * time.Hour

// setBy has a store's clock found to be set by so much. The clock itself stays: what is in the file is as it was made before.
func setBy(t *testing.T, s *Store, step time.Duration) {
	t.Helper()
	now := time.Now()
	s.clock = lastcall.ClockWatch{} // another process finds out by itself
	s.clock.Look(now.Add(-step), now)
}

func sweepClock(t *testing.T, s *Store) {
	t.Helper()
	if _, err := s.Sweep(t.Context(), lastcall.Sweep{MaxCrashes: 3, KeepTasks: hours, KeepEvents: hours}); err != nil {
		t.Fatal(err)
	}
}

// tend runs SQL in the file with times, in microseconds.
func tend(t *testing.T, s *Store, sql string, times ...time.Time) {
	t.Helper()
	err := s.write(t.Context(), "test", 0, func(tx *tx) error {
		st := tx.conn.Stmt(sql)
		for _, at := range times {
			st.Time(at)
		}
		return st.Run()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// G3: a lease that had come to its end before the clock was set forward stays so, whoever finds out and how often.
func TestALeaseThatWasOverIsNotRevivedByTheClock_G3(t *testing.T) {
	s := testStore(t)
	was := now().Add(-hours - 30*time.Second)
	tend(t, s, `INSERT INTO leases (holder, task, expires_at, ends_at, length)
		VALUES ('h', x'00112233445566778899aabbccddeeff', ?, ?, 3600000000000)`, was, was)
	err := s.write(t.Context(), "test", 0, func(tx *tx) error {
		for range 3 {
			if err := tx.setClock(hour{now: tx.now, step: hours}); err != nil {
				return err
			}
		}
		expires, _, _, err := tx.getLease("h")
		if !expires.Equal(was) {
			t.Errorf("it ends in %v", expires.Sub(tx.now))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A retry waits as long as it was to, and not longer by what the clock was set back, whichever processes find out. What was
// asked for at a time of day runs at that time.
func TestAClockThatIsSetBackHoldsUpNoRetry(t *testing.T) {
	s := testStore(t)
	retry, other := submitOne(t, s, oneOf("a")), oneOf("a")
	other.RunAt = now().Add(hours)
	asked := submitOne(t, s, other)
	started := now().Add(hours - time.Minute).Truncate(time.Millisecond)
	due := now().Add(hours + time.Minute).Truncate(time.Millisecond)
	tend(t, s, "UPDATE tasks SET status = 0, run = 1, started_at = ?, run_at = ?, order_key = ? WHERE run_at <= ?", started, due, due, now())
	for range 2 {
		setBy(t, s, -hours)
		sweepClock(t, s)
	}
	got, err := s.Task(t.Context(), retry.ID)
	if err != nil {
		t.Fatal(err)
	}
	if want := due.Add(-hours); !got.RunAt.Round(5 * time.Second).Equal(want.Round(5 * time.Second)) {
		t.Errorf("it is due in %v, want %v", got.RunAt.Sub(now()), want.Sub(now()))
	}
	if got, err := s.Task(t.Context(), asked.ID); err != nil || !got.RunAt.Equal(asked.RunAt) {
		t.Errorf("what was asked for at %v is due at %v (%v)", asked.RunAt, got.RunAt, err)
	}
}
