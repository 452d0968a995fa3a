package postgres

import (
	"bytes"
	"testing"
	"time"
)

// Ids are UUIDv7s that only grow, in their order of making, whatever the clock does.
func TestIDsGrowThoughTheClockGoesBack(t *testing.T) {
	m := newMinter()
	at := time.Date(2026, 7, 1, 12, 0, 0, 999_750_000, time.UTC)
	var last taskID
	for i, now := range []time.Time{at, at, at.Add(time.Microsecond), at.Add(-time.Hour), at, at.Add(time.Millisecond)} {
		id := m.next(now, 0xa7)
		if bytes.Compare(id[:], last[:]) <= 0 {
			t.Errorf("%d: %s does not come after %s", i, id, last)
		}
		if id.Version() != 7 || id.Variant().String() != "RFC4122" || id[15] != 0xa7 {
			t.Errorf("%d: %s is of version %d and variant %s", i, id, id.Version(), id.Variant())
		}
		last = id
	}
	sec, nsec := m.next(at.Add(time.Hour), 0).Time().UnixTime()
	if got := time.Unix(sec, nsec); !got.Equal(at.Add(time.Hour).Truncate(time.Millisecond)) {
		t.Errorf("the time in an id is %s", got)
	}
}
