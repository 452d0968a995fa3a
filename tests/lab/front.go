package lab

import (
	"net/http"
	"testing"
)

// Front is what stands at addr before nodes: it is talked to as a node is, by a transport of its own, and has no process.
func Front(t testing.TB, addr string, transport http.RoundTripper) *Node {
	t.Helper()
	return &Node{t: t, Addr: addr, Transport: transport}
}
