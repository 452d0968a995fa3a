// Package systemd_test runs the real binary under a service manager: an ear that is a real notify socket, real signals,
// systemd-socket-activate, and a holder of sockets who starts the next process when the last one has ended, as systemd
// does for a unit with a socket.
package systemd_test

import (
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

func TestMain(m *testing.M) {
	lab.SideBySide(6) // the tests wait more than they work
	lab.Main(m)
}
