package ws

import (
	"cmp"
	"log/slog"
	"net/http"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/hub"
)

// Options are the settings of a Server. A field that is zero stands for its default.
type Options struct {
	Node   string // the node's name, in welcome frames
	Logger *slog.Logger
	// Ping is how often a peer is asked whether it is there; 25 s. One that has vanished is gone within two of them.
	Ping time.Duration
	// HelloWait is how long a client may take to say hello before it is served as one that never will; 1 s.
	HelloWait time.Duration
	// WriteTimeout is how long a peer may take nothing of what is written to it; 10 s.
	WriteTimeout time.Duration
	// MaxConnections bounds the connections; one more is answered with 4007. 0: no bound.
	MaxConnections int
	// MaxFrame bounds a frame of a client, in bytes; 64 KiB.
	MaxFrame int
	// Pending lists the client's tasks that run on this node, for the drain frame. Nil: none do.
	Pending func(client string) []string
	// Told hears what clients were told.
	Told hub.Told
	// Refuse answers a handshake that is not taken, as whoever serves the rest of HTTP answers its errors; in plain text.
	Refuse func(w http.ResponseWriter, r *http.Request, e *lastcall.Error)
}

// The defaults of Options.
const (
	DefaultPing         = 25 * time.Second
	DefaultHelloWait    = time.Second
	DefaultWriteTimeout = 10 * time.Second
	DefaultMaxFrame     = 64 << 10
)

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Pending == nil {
		o.Pending = func(string) []string { return nil }
	}
	if o.Refuse == nil {
		o.Refuse = func(w http.ResponseWriter, _ *http.Request, e *lastcall.Error) {
			http.Error(w, e.Detail, e.Code.HTTPStatus())
		}
	}
	o.Ping = cmp.Or(o.Ping, DefaultPing)
	o.HelloWait = cmp.Or(o.HelloWait, DefaultHelloWait)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, DefaultWriteTimeout)
	o.MaxFrame = cmp.Or(o.MaxFrame, DefaultMaxFrame)
	return o
}
