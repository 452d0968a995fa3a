// Package takeover_test has two processes on one file take over from each other while people use them: through the
// smallest of balancers and through a real HAProxy, on connections that are kept and on new ones, with clients on
// WebSockets, event streams and long-polls. Whoever is there must not notice: no request and no handshake fails, no task
// and no event is lost, no attempt is used up (G4, G5, G6, G7).
//
// Nobody in these tests repeats what has failed; a single failure fails the test.
package takeover_test

import (
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

func TestMain(m *testing.M) {
	lab.SideBySide(4) // the tests wait more than they work, and each has processes of its own
	lab.Main(m)
}
