package sse

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/hub"
)

// Options are the settings of a Server. Store is required; any other field that is zero stands for its default.
type Options struct {
	Store  Store
	Node   string // the node's name, in welcome frames
	Logger *slog.Logger
	// Beat is how long a stream is silent at most, before a comment is sent; 15 s. Proxies cut what is silent for long.
	Beat time.Duration
	// WriteTimeout is how long a peer may take nothing of what is written to it; 10 s.
	WriteTimeout time.Duration
	// Pending lists the client's tasks that run on this node: its streams outstay the others in a drain. Nil: none do.
	Pending func(client string) []string
	// Here reports whether the task's current run is on this node. Nil: none is.
	Here func(t *lastcall.Task) bool
	// Told hears what clients were told.
	Told hub.Told
	// Refuse answers a request that no stream comes of, as whoever serves the rest of HTTP answers its errors; in plain
	// text.
	Refuse func(w http.ResponseWriter, r *http.Request, e *lastcall.Error)
}

// Store is what a stream of one task reads; see lastcall.Store.
type Store interface {
	Task(ctx context.Context, id string) (lastcall.Task, error)
	TaskEvents(ctx context.Context, id string) (lastcall.Mailbox, []lastcall.Event, error)
}

// The defaults of Options.
const (
	DefaultBeat         = 15 * time.Second
	DefaultWriteTimeout = 10 * time.Second
)

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Pending == nil {
		o.Pending = func(string) []string { return nil }
	}
	if o.Here == nil {
		o.Here = func(*lastcall.Task) bool { return false }
	}
	if o.Refuse == nil {
		o.Refuse = func(w http.ResponseWriter, _ *http.Request, e *lastcall.Error) {
			http.Error(w, e.Detail, e.Code.HTTPStatus())
		}
	}
	o.Beat = cmp.Or(o.Beat, DefaultBeat)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, DefaultWriteTimeout)
	return o
}
