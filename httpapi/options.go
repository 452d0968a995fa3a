package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/lease"
)

// Options is what New needs. Store, Waiter, Sockets, Streams, Leases, Drain and Types are required.
type Options struct {
	Store   lastcall.Store
	Waiter  Waiter
	Sockets Sockets
	Streams Streams
	Leases  *lease.Lessor
	Drain   Drain
	Types   Types
	Limits  lastcall.Limits // a zero field stands for its default
	Node    string          // the node's name, for the page of GET /
	Version string
	// Incarnation is who answers, as the store knows it: /readyz says so, for peers that ask at an address which may have
	// become somebody else's. Nil: it is not said.
	Incarnation func() string
	// Loopback says that the listener can be reached from this machine only and asks for no token. Then the Host of
	// every request must be a loopback name: a web page whose name was made to resolve to 127.0.0.1 has another.
	Loopback bool
	// Here reports whether the task's current run is on this node: calls that wait for it may outstay the others in a
	// drain. Nil: none is.
	Here func(t *lastcall.Task) bool
	// Underway counts the requests that have arrived whole and have no answer yet. Nil: nobody counts them.
	Underway Underway
	// Submitted hears of each task that was accepted and is new, Refused of each request that is answered with a problem.
	// Neither may block; nil: nobody hears of it.
	Submitted func(typ string)
	Refused   func(code lastcall.Code)
	Metrics   http.Handler // of GET /metrics; nil: there is no such path
	Logger    *slog.Logger // nil: slog.Default
}

// Waiter tells of tasks that have changed. It may be called concurrently.
type Waiter interface {
	// WatchTask begins to watch a task. From its return on, changed gets a value, or is closed, after each change of the
	// task that commits; several changes may share one, and hints may be lost. The caller registers first and reads the
	// task then, and polls besides. It calls stop, once, when it has seen enough.
	WatchTask(id string) (changed <-chan struct{}, stop func())
}

// Sockets serves the WebSocket.
type Sockets interface {
	// Serve upgrades the connection and returns at its end, or at once when it goes on elsewhere. The request has passed
	// every check of this package: it is a handshake of RFC 6455, of an origin that is ours.
	Serve(w http.ResponseWriter, r *http.Request, who Identity)
}

// Streams serves what follows a mailbox, or one task, without a WebSocket. Parameters and headers have been checked, the
// right to know is given, and what may be refused in a drain was; a method answers whatever else may go wrong, in the one
// shape that errors have (WriteProblem). All may be called concurrently.
type Streams interface {
	// ServeEvents answers with the client's mailbox as an event stream, from behind the position on; nil is Mailbox.Start.
	// It returns when the stream has ended.
	ServeEvents(w http.ResponseWriter, r *http.Request, client string, after *lastcall.Cursor)
	// ServeTask answers with a task's state and what follows as an event stream, or with 204 to a client that has seen
	// its end. It returns when the stream has ended.
	ServeTask(w http.ResponseWriter, r *http.Request, id string)
	// Poll returns the events behind a position, nil being Mailbox.Start, and the position behind the last of them: at
	// once if there are any, or a gap, else when the first is there, wait is over or ctx has ended. The end of ctx is no
	// error: there is nothing yet, and the position stays. When a drain needs the connection it returns early with what
	// there is, unless a task of the client runs here. A client that has no mailbox gets one.
	Poll(ctx context.Context, client string, after *lastcall.Cursor, wait time.Duration) ([]lastcall.Event, lastcall.Cursor, *lastcall.Gap, error)
}

// Drain is the orderly stop as this package sees it. All methods may be called concurrently and at any time. Requests
// after the signal are counted by the middleware of package drain, in front of this handler.
type Drain interface {
	Phase() string  // "ready" until told to stop
	Ready() bool    // what /readyz says: it may stay true for a while after the signal
	Told() bool     // the node was told to stop: /health is 503
	Leaving() bool  // a connection kept open here leads nowhere for long: it is closed after its answer
	Refusing() bool // new tasks and sockets are refused: nobody else could take them
	Status() any    // the body of /v1/drain, for encoding/json
	// Start tells the node to stop, for a reason that the drain's report shows, and returns when Status shows it too.
	Start(reason string)
	// CountRefused counts a request that was refused because of the drain.
	CountRefused()
	// WaitsEnd is closed when calls that wait are to be answered with what there is, unless their task runs here.
	WaitsEnd() <-chan struct{}
}

// Underway counts requests. It may be called concurrently.
type Underway interface {
	Arrived() (term int) // a request is here as a whole
	Answered(term int)   // its answer is known; term is what Arrived said
}

// uncounted is an Underway of a server that does not care.
type uncounted struct{}

func (uncounted) Arrived() int { return 0 }
func (uncounted) Answered(int) {}

// Types is the node's own table of task types.
type Types interface {
	// Lookup returns the type of that name, if this node runs it or holds it for workers outside (TaskType.Pull).
	Lookup(name string) (lastcall.TaskType, bool)
}

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Here == nil {
		o.Here = func(*lastcall.Task) bool { return false }
	}
	if o.Underway == nil {
		o.Underway = uncounted{}
	}
	if o.Submitted == nil {
		o.Submitted = func(string) {}
	}
	if o.Refused == nil {
		o.Refused = func(lastcall.Code) {}
	}
	o.Limits = o.Limits.WithDefaults()
	return o
}
