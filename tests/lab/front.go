package lab

import (
	"net"
	"net/http"
	"testing"
)

// Front is what stands at addr before nodes: it is talked to as a node is, by a transport of its own, and has no process.
func Front(t testing.TB, addr string, transport http.RoundTripper) *Node {
	t.Helper()
	return &Node{t: t, Addr: addr, Transport: transport}
}

// FreePort is a port of the loopback address that nobody listens at.
func FreePort(t testing.TB) string {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
