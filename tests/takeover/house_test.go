package takeover_test

import (
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// house is one file and the addresses at which processes serve it, by turns.
type house struct {
	t     *testing.T
	store string
	addrs []string
	flags []string
	turn  int
}

// short makes the parts of a drain that wait for a balancer as short as the balancers of these tests allow: they look
// every 100 ms.
var short = []string{"--drain-announce-min", "1200ms", "--drain-announce-quiet", "200ms", "--drain-announce-max", "3s"}

func newHouse(t *testing.T, addresses int, flags ...string) *house {
	t.Helper()
	h := &house{t: t, store: lab.Data(t), flags: append(short, flags...)}
	for range addresses {
		h.addrs = append(h.addrs, "127.0.0.1:"+lab.FreePort(t))
	}
	return h
}

// open starts a process at the next address, and returns when it serves.
func (h *house) open() *lab.Node {
	h.t.Helper()
	addr := h.addrs[h.turn%len(h.addrs)]
	h.turn++
	return lab.Start(h.t, h.store, append(h.flags, "--listen", addr)...)
}
