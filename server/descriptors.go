package server

import "math"

// What a node keeps of its descriptors for itself, beside its connections.
const (
	ownFiles = 64 // the store's files or connections, the locks of siblings, logs, probes of peers
	runFiles = 8  // of each run: the pipes of a command, or its connection
)

// maxConnections is how many connections are let in at a time, 0 for any number: what was asked for, and no more than
// the platform's limit of descriptors leaves when the node has its own. A limit that is too low even for those is shared
// in halves.
func (o Options) maxConnections(limit uint64) int {
	if limit == 0 {
		return o.MaxConnections
	}
	limit = min(limit, math.MaxInt32)
	own := min(uint64(standingMost+ownFiles+runFiles*o.Concurrency), limit/2)
	room := int(limit - own)
	switch {
	case o.MaxConnections == 0:
		return room
	case o.MaxConnections > room:
		o.Logger.Warn("there are not descriptors enough for max_connections; raise the limit (ulimit -n, LimitNOFILE)",
			"max_connections", o.MaxConnections, "room", room, "descriptors", limit)
		return room
	}
	return o.MaxConnections
}
