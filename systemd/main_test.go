package systemd_test

import (
	"fmt"
	"io"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall/systemd"
)

// TestMain is also the process that sockets are handed over to: descriptors have the numbers that the protocol wants only
// in one that was started for it.
func TestMain(m *testing.M) {
	if os.Getenv("HEIR") != "" {
		os.Exit(heir(os.Stdout))
	}
	goleak.VerifyTestMain(m)
}

// heir takes over the socket that HEIR names, says "hello" to the first who comes, and what else it has inherited to its
// standard output.
func heir(out io.Writer) int {
	manager, err := systemd.Inherit()
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	defer manager.Close()
	fmt.Fprintln(out, manager.Sockets(), os.Getenv("LISTEN_FDS")+os.Getenv("LISTEN_PID")+os.Getenv("LISTEN_FDNAMES"))
	name := os.Getenv("HEIR")
	if name == "any" {
		name = ""
	}
	ln, err := manager.Socket(name)
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	defer ln.Close()
	conn, err := ln.Accept()
	if err != nil {
		fmt.Fprintln(out, err)
		return 1
	}
	defer conn.Close()
	fmt.Fprintf(conn, "hello, beside %v", manager.Sockets())
	return 0
}
