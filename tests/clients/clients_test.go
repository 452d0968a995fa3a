// Package clients_test puts clients of every kind before a real node: good ones, which must get every event in order, and
// bad ones, which must cost nobody anything.
//
// The good ones are coder/websocket's. The bad ones speak TCP and a few bytes of HTTP and WebSocket themselves, as no
// library would let them behave like that. What a drain takes with each of them is compared with a drain without, in the
// same run and by the node's own clock.
package clients_test

import (
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

func TestMain(m *testing.M) {
	lab.SideBySide(6)
	lab.Main(m)
}
