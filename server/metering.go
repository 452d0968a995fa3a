package server

import (
	"time"

	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/hub"
	"github.com/lastcall-dev/lastcall/meter"
)

// The transports by which clients are connected, as labels of metrics.
const (
	overSocket = "websocket"
	overStream = "sse"
)

// told meters what clients are told by a transport.
func (s *Server) told(transport string) hub.Told {
	return hub.Told{
		Notified:   func(took time.Duration) { s.meter.Notified(transport, took) },
		Gap:        s.meter.Gap,
		HandedOver: func() { s.meter.HandedOver(transport) },
	}
}

// sources are what the node's metrics are asked for when somebody looks.
func (n *node) sources() meter.Sources {
	return meter.Sources{
		Queues: n.store.Queues,
		Connections: func() map[string]int {
			return map[string]int{overSocket: n.sockets.Connections(), overStream: n.streams.Connections()}
		},
		Seats:   n.seats.count,
		Running: func() int { return len(n.worker.Running()) },
		Phase:   func() string { return string(n.drainer.Phase()) },
		Phases:  phases,
		Version: n.o.Version,
	}
}

// phases are those that a drain may pass through.
var phases = []string{
	string(drain.Ready), string(drain.Linger), string(drain.Announce),
	string(drain.Finish), string(drain.HandBack), string(drain.Closed),
}
