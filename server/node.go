package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/httpapi"
	"github.com/lastcall-dev/lastcall/httpapi/sse"
	"github.com/lastcall-dev/lastcall/httpapi/ws"
	"github.com/lastcall-dev/lastcall/hub"
	"github.com/lastcall-dev/lastcall/lease"
	"github.com/lastcall-dev/lastcall/worker"
)

// node is a server at work: its parts, and the goroutines that they run in.
type node struct {
	*Server
	worker  *worker.Worker
	hub     *hub.Hub
	sockets *ws.Server
	streams *sse.Server
	lessor  *lease.Lessor
	http    *http.Server
	drainer *drain.Drainer
	seats   *seats
	refuse  func(http.ResponseWriter, *http.Request, *lastcall.Error) // answers where httpapi does not

	// Each of these goroutines is started by start and waited for by close. What their contexts end, stops them.
	serving  sync.WaitGroup // the HTTP server
	working  sync.WaitGroup // the worker
	telling  sync.WaitGroup // the hub, the sockets' clock, the store's hints, and the look-out for peers
	syncs    sync.WaitGroup // looks at the mailboxes before the end
	stopWork context.CancelFunc
	stopTell context.CancelFunc

	waits    *waits
	requests requests
	arrivals arrivals
	accepted chan struct{} // closed when the HTTP server accepts no more
	turns    turns
	// announced: clients are told once that the node finishes.
	announced sync.Once

	phase  atomic.Pointer[drain.Phase] // the one that was entered last, of which the store is told with each beat
	synced synced
	peers  peers
	tally  tally
}

// assemble makes the parts and joins them. It stays one straight function: it is the plan of the house.
func (s *Server) assemble() (*node, error) {
	s.o.warnShort(s.types)
	n := &node{Server: s, waits: newWaits(), accepted: make(chan struct{})}
	ready := drain.Ready
	n.phase.Store(&ready)
	var err error
	n.worker, err = worker.New(s.store, worker.Options{
		Node: s.o.Node, Version: s.o.Version, Address: s.o.peerAddress(s.Addr(), net.InterfaceAddrs),
		Types: s.types, Concurrency: s.o.Concurrency, Limits: s.o.Limits,
		MaxCrashes: s.o.MaxCrashes, KeepTasks: s.o.KeepTasks, KeepEvents: s.o.KeepEvents,
		StopTimeout: s.o.Drain.StopTimeout, Logger: s.o.Logger,
		Phase:       func() string { return string(*n.phase.Load()) },
		Connections: n.connections,
		Changed:     func() { n.drainer.Poke() },
		Settled:     s.meter.Settled,
		Lapsed:      s.meter.Lapsed,
	})
	if err != nil {
		return nil, fmt.Errorf("assemble: %w", err)
	}
	n.hub = hub.New(s.store, hub.Options{Logger: s.o.Logger})
	n.refuse = func(w http.ResponseWriter, r *http.Request, e *lastcall.Error) {
		s.meter.Refused(e.Code)
		httpapi.WriteProblem(w, r, drainView{n}, e)
	}
	n.sockets = ws.New(n.hub, ws.Options{
		Node: s.o.Node, Logger: s.o.Logger, Pending: n.worker.RunningFor, Told: s.told(overSocket), Refuse: n.refuse,
	})
	n.streams = sse.New(n.hub, sse.Options{
		Store: s.store, Node: s.o.Node, Logger: s.o.Logger, Pending: n.worker.RunningFor, Here: n.here, Told: s.told(overStream), Refuse: n.refuse,
	})
	n.drainer, err = drain.New(s.o.plan(s.types), n, drain.Options{
		Logger: s.o.Logger, Exit: s.o.Exit, Signals: s.o.Signals, TerminationFile: s.o.Report,
	})
	if err != nil {
		return nil, fmt.Errorf("assemble: %w", err)
	}
	n.lessor = n.newLessor()
	api := httpapi.New(httpapi.Options{
		Store: s.store, Waiter: n.hub, Sockets: sockets{n.sockets}, Streams: n.streams, Leases: n.lessor, Drain: drainView{n}, Types: s,
		Limits: s.o.Limits, Node: s.o.Node, Version: s.o.Version, Incarnation: n.worker.Incarnation, Loopback: s.o.Auth != "off",
		Here: n.here, Logger: s.o.Logger,
		Underway: &n.requests, Submitted: s.meter.Submitted, Refused: s.meter.Refused, Metrics: s.meter.Handler(),
	})
	n.seats = &seats{
		most: s.o.maxConnections(descriptors()), log: s.o.Logger,
		crowded: func() { s.meter.Refused(lastcall.CodeTooManyConnections) },
	}
	s.meter.Ask(n.sources())
	n.http = &http.Server{
		Handler:           n.arrivals.hear(n.drainer.Count(n.oneAnswer(api))),
		ConnContext:       func(ctx context.Context, c net.Conn) context.Context { return n.arrivals.note(noteStanding(ctx, c), c) },
		ConnState:         n.arrivals.state,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second, // of a whole request; an answer that waits comes after it
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          errorLog(s.o.Logger),
	}
	return n, nil
}

// Lookup finds a type that this node runs, for its defaults.
func (s *Server) Lookup(name string) (lastcall.TaskType, bool) {
	i := slices.IndexFunc(s.types, func(t lastcall.TaskType) bool { return t.Name == name })
	if i < 0 {
		return lastcall.TaskType{}, false
	}
	return s.types[i], true
}

// here reports whether this node runs the task.
func (n *node) here(t *lastcall.Task) bool {
	return t.Status == lastcall.Running && t.Owner == n.worker.Incarnation()
}

// connections is how many clients are connected, by whatever means.
func (n *node) connections() int { return n.sockets.Connections() + n.streams.Connections() }

// unserved is how many of them the drain has to wait for.
func (n *node) unserved() int { return n.sockets.Unserved() + n.streams.Unserved() }

const (
	// joinTimeout bounds the store's answer to a node that joins.
	joinTimeout = 10 * time.Second
	// joinAgain is after how long a node asks once more whose store did not answer.
	joinAgain = 250 * time.Millisecond
)

// join makes the node known to the store. A store that was opened a moment before and does not answer is busy, and no
// reason to end: where many nodes start at once, or its disk is slow, it has an answer a little later. A call whose fate
// is unknown may be repeated, as an incarnation that nobody knows of runs nothing and is dead when its lease is over.
func (n *node) join(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	for {
		err := n.worker.Join(ctx)
		if lastcall.CodeOf(err) != lastcall.CodeStoreUnavailable {
			return err
		}
		select {
		case <-time.After(joinAgain):
		case <-ctx.Done():
			return err
		}
	}
}

// start runs the parts. It is the only place in which a server starts goroutines that last.
func (n *node) start(ctx context.Context) {
	var work, tell context.Context
	work, n.stopWork = context.WithCancel(ctx)
	tell, n.stopTell = context.WithCancel(ctx)
	n.telling.Go(func() { n.failed("watch the store", n.store.Watch(tell, n.moved)) })
	n.telling.Go(func() { n.failed("save acknowledgements", n.hub.Run(tell)) })
	n.telling.Go(func() { n.failed("keep the sockets", n.sockets.Run(tell)) })
	n.telling.Go(func() { n.failed("seek peers", n.seekPeers(tell)) })
	n.working.Go(func() { n.failed("work", n.worker.Run(work)) })
	n.serving.Go(func() {
		defer close(n.accepted)
		err := n.http.Serve(n.seats.at(n.listener))
		if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) { // stopListening, or a Shutdown before Serve
			return
		}
		n.failed("serve", err)
	})
}

// moved passes the store's hints on.
func (n *node) moved(hints []lastcall.Hint) {
	n.worker.Moved(hints)
	n.hub.Moved(hints)
	n.lessor.Moved(hints)
}

// failed logs what a part ended with, and has the node drained if it was not told to end: half a node is worse than
// none.
func (n *node) failed(what string, err error) {
	if err == nil || errors.Is(err, context.Canceled) {
		return
	}
	n.o.Logger.Error("a part has failed", "part", what, "error", err)
	n.drainer.Start("cannot " + what)
}
