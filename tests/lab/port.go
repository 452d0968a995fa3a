package lab

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
)

// Ports that a test may name before somebody listens there stand below those that kernels give to outgoing connections
// (32768 and up on Linux, 49152 and up elsewhere): of thousands of requests a second one would soon have it.
const firstPort, lastPort = 12000, 32000

// given are the ports that this process has given out: what nobody listens at yet may still be somebody's.
var given struct {
	mu    sync.Mutex
	ports map[int]bool
}

// FreePort is a port of the loopback address at which nobody listens, and which no other test of this process gets.
func FreePort(t testing.TB) string {
	t.Helper()
	given.mu.Lock()
	defer given.mu.Unlock()
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort) // not in order: other processes look for ports too
		if given.ports[port] {
			continue
		}
		ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		if err := ln.Close(); err != nil {
			t.Fatal(err)
		}
		if given.ports == nil {
			given.ports = map[int]bool{}
		}
		given.ports[port] = true
		return strconv.Itoa(port)
	}
	t.Fatal("no port is free")
	return ""
}
