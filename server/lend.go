package server

import "github.com/lastcall-dev/lastcall/lease"

// newLessor makes the part that lends to workers outside. What it lends does not hold the drain: it asks how that stands,
// and nobody asks it.
func (n *node) newLessor() *lease.Lessor {
	return lease.New(n.store, lease.Options{
		Node: n.o.Node, Types: n.types, Limits: n.o.Limits,
		Draining: func() bool { return n.drainer.Told() },
		Closed:   func() bool { return n.drainer.Refusing() },
		WaitsEnd: n.waits.ends,
		Lent:     n.meter.Lent, Renewed: n.meter.Renewed, Settled: n.meter.Settled,
	})
}
