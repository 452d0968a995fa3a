// Package streams_test reads event streams and long-polls of real processes with clients that are not ours: curl, and the
// EventSource of the npm package "eventsource", which keeps to the standard that browsers keep to. What they see must be
// what a WebSocket would have told: across a SIGKILL, across a take-over by another process, and beside readers who never
// read (G5, G7, G8).
package streams_test

import (
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

func TestMain(m *testing.M) {
	lab.SideBySide(4)
	lab.Main(m)
}
