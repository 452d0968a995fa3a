// Package faults_test does to the real binary what hosts and clients do to it: it takes away its descriptors, stops it for
// a minute, sets its clock forward and back by hours, leaves all that it writes unread, and tells it to stop while ten
// thousand clients are there, half of whom are not listening. What was accepted must not be lost for it, what runs must
// not run twice at once, and whoever behaves must notice as little as can be (G1 to G10).
//
// None of it needs a privilege or touches the machine: the limits are those of the processes that the tests start, and so
// is the clock (testdata/clock).
package faults_test

import (
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

func TestMain(m *testing.M) {
	lab.SideBySide(6) // the tests wait more than they work, and each has processes of its own
	lab.Main(pg.Main(m))
}

// wait lets time pass on purpose, where the time itself is what is tested.
func wait(d time.Duration) { <-time.After(d) }
