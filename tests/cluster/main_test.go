// Package cluster_test runs several nodes on one PostgreSQL, behind a real HAProxy that follows /readyz, and takes away
// now one part and now another while people use them: nodes are rolled, killed, frozen and cut off, and the database is
// stopped. Whoever is outside must not notice more than the promises allow (G1 to G9): everything that anybody was told is
// on a record, which package checker holds against what happened.
//
// The nodes have the settings that they have by default, but for the part of a drain that waits for a balancer: that of
// these tests looks every 100 ms, which is the rule for the times in short. Leases are always those of the default.
package cluster_test

import (
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

func TestMain(m *testing.M) {
	lab.SideBySide(4) // the tests wait more than they work, and each has processes of its own
	lab.Main(pg.Main(m))
}
