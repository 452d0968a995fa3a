package lastcall_test

import (
	"math"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// almostOne is the greatest jitter: the wait that it gives is the bound, less rounding.
const almostOne = 1 - 1e-12

func TestTheBoundOfABackoffDoublesUpToItsMax(t *testing.T) {
	for _, c := range []struct {
		b       lastcall.Backoff
		attempt int
		want    time.Duration
	}{
		{lastcall.Backoff{}, 1, time.Second},
		{lastcall.Backoff{}, 2, 2 * time.Second},
		{lastcall.Backoff{}, 9, 256 * time.Second},
		{lastcall.Backoff{}, 10, 5 * time.Minute},
		{lastcall.Backoff{}, math.MaxInt, 5 * time.Minute},
		{lastcall.Backoff{}, 0, time.Second},
		{lastcall.Backoff{}, -1, time.Second},
		{lastcall.Backoff{Base: time.Minute, Max: time.Hour}, 3, 4 * time.Minute},
		{lastcall.Backoff{Base: time.Minute, Max: time.Hour}, 7, time.Hour},
		{lastcall.Backoff{Base: time.Hour, Max: time.Minute}, 1, time.Minute},
	} {
		if got := c.b.After(c.attempt, almostOne).Round(time.Microsecond); got != c.want {
			t.Errorf("%+v waits up to %s after attempt %d, want %s", c.b, got, c.attempt, c.want)
		}
		if got := c.b.After(c.attempt, 0); got != 0 {
			t.Errorf("%+v waits at least %s after attempt %d, want 0: full jitter", c.b, got, c.attempt)
		}
		if got := c.b.After(c.attempt, 0.5).Round(time.Microsecond); got != c.want/2 {
			t.Errorf("%+v waits %s in the middle after attempt %d, want %s", c.b, got, c.attempt, c.want/2)
		}
	}
}

func FuzzABackoffStaysWithinItsBounds(f *testing.F) {
	f.Add(int64(time.Second), int64(time.Minute), 3, uint16(7))
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64), math.MaxInt, uint16(math.MaxUint16))
	f.Fuzz(func(t *testing.T, base, most int64, attempt int, jitter uint16) {
		if base < 0 || most < 0 {
			return // settings are checked where they are read
		}
		b := lastcall.Backoff{Base: time.Duration(base), Max: time.Duration(most)}
		bound := b.Max
		if bound == 0 {
			bound = lastcall.DefaultBackoffMax
		}
		if got := b.After(attempt, float64(jitter)/(math.MaxUint16+1)); got < 0 || got > bound {
			t.Errorf("%+v waits %s after attempt %d, want 0 to %s", b, got, attempt, bound)
		}
	})
}

func TestAGiveBackWaitsLongerEachTimeUpToAMinute(t *testing.T) {
	for interruptions, want := range map[int]time.Duration{
		0: time.Second, 1: 2 * time.Second, 5: 32 * time.Second, 6: time.Minute, 1_000_000: time.Minute,
	} {
		if got := lastcall.GiveBackWait(interruptions); got != want {
			t.Errorf("after %d interruptions it waits %s, want %s", interruptions, got, want)
		}
	}
}
