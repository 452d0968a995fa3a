package drain

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// HTTPOptions are what HTTP can be told. The zero value is a process that is
// alone.
type HTTPOptions struct {
	Options
	// Peer reports whether another process serves the same clients, now; it is
	// asked at every look. It counts where Plan.Shared is set. Nil: there is
	// none. Replicas of a stateless service behind a balancer may say "always".
	Peer func() bool
	// Refuse answers a request that is refused; by default 503 with
	// Retry-After, as application/problem+json with the code "draining".
	Refuse http.Handler
}

// HTTP puts a Drainer in front of a server: it wraps srv.Handler and, at the
// end, shuts srv down. Requests are what is waited for, and so are connections
// that were hijacked for a WebSocket, of which net/http loses sight; see OnDrain.
//
// The handler is wrapped once, here, so srv must not have been started. It
// still has to be: Run does not listen. ServeReady and ServeHealth belong on
// paths that IsProbe knows, or they will be refused when they are needed.
func HTTP(srv *http.Server, p Plan, o HTTPOptions) (*Drainer, error) {
	w := &web{srv: srv, next: srv.Handler, peer: o.Peer, refuse: o.Refuse, inside: map[*visit]bool{}}
	if w.next == nil {
		w.next = http.DefaultServeMux
	}
	if w.refuse == nil {
		w.refuse = http.HandlerFunc(refuse)
	}
	w.farewells, w.endFarewells = context.WithCancelCause(context.Background())
	d, err := New(p, w, o.Options)
	if err != nil {
		return nil, err
	}
	w.drainer = d
	srv.Handler = d.Count(w)
	return d, nil
}

// web is the Service that an http.Server is. Its work is the requests whose
// handlers have not returned, its clients are the hijacked connections that
// have not been closed.
//
// Invariants: a visit is inside from before its handler is called until the
// handler has returned or, once hijacked, the connection is closed. Refusing is
// asked under the lock under which visits are let in, and Enter takes that lock
// too: so a look taken after an Enter sees everyone who came before the refusal.
type web struct {
	srv     *http.Server
	next    http.Handler
	refuse  http.Handler
	peer    func() bool
	drainer *Drainer

	farewells    context.Context // what OnDrain's functions get; ends in HandBack
	endFarewells context.CancelCauseFunc

	mu      sync.Mutex
	orders  Orders
	stopped bool // handlers were told to stop
	inside  map[*visit]bool
	tally   Tally
}

// ServeHTTP lets a request in or refuses it.
func (s *web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.drainer.options.Probe(r) {
		s.next.ServeHTTP(w, r)
		return
	}
	v, ctx := newVisit(s, r)
	if !s.enter(v) {
		s.drainer.CountRefused()
		s.refuse.ServeHTTP(w, r)
		return
	}
	defer v.returned()
	s.next.ServeHTTP(&writer{w, v}, r.WithContext(ctx))
}

// enter lets a visit in, unless new work is refused.
func (s *web) enter(v *visit) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drainer.Refusing() {
		return false
	}
	v.late = s.finishing()
	s.inside[v] = true
	return true
}

// Look counts the visits that the drain waits for. Those let in while a peer
// takes over are served like any other, but not waited for here, or a client
// that comes and goes could keep the process.
func (s *web) Look() Look {
	var l Look
	l.Peer = s.peer != nil && s.peer()
	s.mu.Lock()
	defer s.mu.Unlock()
	for v := range s.inside {
		switch {
		case v.late:
		case v.conn != nil:
			l.Unserved++
			l.Clients++
		default:
			l.Busy++
		}
	}
	return l
}

// Enter carries out the orders of a phase.
func (s *web) Enter(ctx context.Context, o Orders) error {
	s.Follow(o)
	switch o.Phase {
	case HandBack:
		s.stop()
		s.cutConnections()
	case Closed:
		s.cutConnections()
		s.close(ctx)
	case Ready, Linger, Announce, Finish:
	}
	return nil
}

// Follow takes the orders, and says farewell to connections as soon as they may go.
func (s *web) Follow(o Orders) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders = o
	if !s.finishing() {
		return
	}
	// Spread evenly, for the sake of whoever they come back to. Alone there is
	// nobody, and no time to spread over.
	within, n := max(0, time.Until(o.HandOverBy)), 0
	for v := range s.inside {
		v.farewellIn(within * time.Duration(n) / time.Duration(len(s.inside)))
		n++
	}
}

// stop ends the contexts of those whom the drain waits for, with the reason.
// Who came late has a peer to thank for being let in, and is served (G6).
func (s *web) stop() {
	s.endFarewells(ErrDraining)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for v := range s.inside {
		if !v.late {
			v.cancel(ErrDraining)
		}
	}
}

// finishing reports whether those inside are expected to leave. s.mu is held.
func (s *web) finishing() bool {
	switch s.orders.Phase {
	case Finish, HandBack, Closed:
		return true
	default: // Ready is also the zero value: no orders have come yet
		return false
	}
}

// cutConnections closes every hijacked connection.
func (s *web) cutConnections() {
	s.mu.Lock()
	var open []*visit
	for v := range s.inside {
		if v.conn != nil {
			open = append(open, v)
		}
	}
	s.mu.Unlock()
	for _, v := range open {
		v.cut()
	}
}

// shutdownBound is what an orderly shutdown may take when nobody it should wait
// for is inside: net/http waits up to 5 s for a connection that has sent nothing.
const shutdownBound = 100 * time.Millisecond

// close stops listening, lets those finish that came late, and closes what remains.
func (s *web) close(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- s.srv.Shutdown(ctx) }() // ends with ctx, and is waited for below
	patience := time.NewTicker(shutdownBound)
	defer patience.Stop()
	for {
		select {
		case err := <-closed:
			if err != nil {
				// Whoever is still inside is cut off: they had their time.
				_ = s.srv.Close()
			}
			return
		case <-patience.C:
			if s.lateInside() == 0 {
				cancel()
			}
		}
	}
}

func (s *web) lateInside() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for v := range s.inside {
		if v.late && v.conn == nil {
			n++
		}
	}
	return n
}

// WaitingFor names the requests by method and path, in no order.
func (s *web) WaitingFor() Waiting {
	s.mu.Lock()
	defer s.mu.Unlock()
	var w Waiting
	for v := range s.inside {
		if v.conn != nil {
			w.Connections++
		} else {
			w.Work = append(w.Work, v.name)
		}
	}
	return w
}

// Tally counts what is still inside as fenced: by then nobody waits for it.
func (s *web) Tally() Tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tally
	for v := range s.inside {
		if v.conn == nil {
			t.Work.Fenced++
		}
	}
	return t
}

func refuse(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "1")
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusServiceUnavailable)
	// The client may be gone; there is nobody else to tell.
	_, _ = w.Write([]byte(`{"type":"about:blank","title":"This process is stopping","status":503,"code":"draining"}` + "\n"))
}
