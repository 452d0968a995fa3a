package takeover_test

import (
	"context"
	"net"
	"testing"

	"github.com/lastcall-dev/lastcall/cmd/lastcall/forward"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// forwarder puts the smallest of balancers before the addresses and returns where it listens.
func forwarder(t *testing.T, addrs []string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := forward.New(lab.Looks)
	for _, a := range addrs {
		f.Add(a)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context())) // it ends after what comes through it
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, ln) }() // ends with ctx, and is waited for
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	lab.Until(t, "the forwarder has found a node that is ready", func() bool { return len(f.Ready()) > 0 })
	return ln.Addr().String()
}

// haproxy puts a real HAProxy before the addresses, of which one serves, and returns where it listens.
func haproxy(t *testing.T, addrs []string) string {
	t.Helper()
	b := lab.HAProxy(t, addrs)
	b.Await(1)
	return b.Addr
}
