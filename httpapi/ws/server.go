package ws

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/hub"
)

// Identity is who is at the other end, as found out by whoever passes the handshake on.
type Identity struct {
	Client  string
	Service bool // may watch tasks of others. Without tokens everyone who reaches the listener is trusted alike, and may
}

// Server keeps the WebSocket connections of a node. All methods may be called concurrently.
type Server struct {
	hub   *hub.Hub
	opts  Options
	start time.Time // all times of connections count from here: a time.Duration is a third of a time.Time

	// The life of all connections: calls to the store end with it.
	ctx  context.Context
	stop context.CancelFunc
	wg   sync.WaitGroup // readers and pumps

	buffers buffers

	mu      sync.Mutex
	conns   []*conn
	closing bool // no connection is taken any more
	counts  Counts
	leaveBy time.Duration // when the last connection is to be sent on; 0: they stay

	repace chan struct{} // capacity 1: tickEvery has changed

	drain atomic.Pointer[drain] // nil until it is announced
}

// New makes a server whose clients read through h. Run has to be called for it to work.
func New(h *hub.Hub, o Options) *Server {
	s := &Server{hub: h, opts: o.withDefaults(), start: time.Now(), repace: make(chan struct{}, 1)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// Run keeps time for all connections: who has not said hello, who is to be pinged, who has not answered. It returns when
// ctx ends and leaves the connections as they are: CloseAll ends those.
func (s *Server) Run(ctx context.Context) error {
	tick := time.NewTicker(s.tickEvery())
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.repace:
			tick.Reset(s.tickEvery())
		case <-tick.C:
			s.tick()
			s.sendOn()
		}
	}
}

// tickEvery is fine enough for the shortest of the times that are kept.
func (s *Server) tickEvery() time.Duration {
	every := max(min(s.opts.HelloWait/4, s.opts.Ping/20), time.Millisecond)
	if s.handingOver() {
		return min(every, leaveTick)
	}
	return every
}

// tick has every connection look at the clock: some microseconds for a thousand of them.
func (s *Server) tick() {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.tick(now)
	}
}

// now is the time since the server's start.
func (s *Server) now() time.Duration { return time.Since(s.start) }

// Serve upgrades the request and returns; the connection lives on. The caller has checked that the request may be let
// in. A handshake that cannot be completed is answered by Options.Refuse.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, who Identity) {
	if s.isClosing() && !s.handingOver() { // with a peer there is nothing to refuse: it is let in, and sent there
		s.opts.Refuse(w, r, &lastcall.Error{
			Code: lastcall.CodeDraining, Detail: "this node is closing its connections", RetryAfter: time.Second,
		})
		return
	}
	c := s.newConn(who)
	var refusal *lastcall.Error
	switch err := s.upgrade(w, r, c); {
	case errors.As(err, &refusal):
		s.opts.Refuse(w, r, refusal)
	case err != nil:
		s.opts.Logger.Debug("handshake broke off", "client", who.Client, "error", err)
	case !s.open(c):
		turnAway(c)
	}
}

func (s *Server) newConn(who Identity) *conn {
	now := s.now()
	c := &conn{
		srv: s, id: rand.Uint64(), since: now, service: who.Service,
		// The name may be a piece of the request's URL, which must not be kept alive by it.
		client: strings.Clone(who.Client),
	}
	// The first ping comes early by up to half, so that those who came together are not pinged together.
	c.nextPing = now + time.Duration((0.5+0.5*rand.Float64())*float64(s.opts.Ping))
	c.wire.patience, c.wire.start = s.opts.WriteTimeout, s.start
	return c
}

// open takes up a connection, or has it closed if there are too many. It is false if CloseAll has come in between.
func (s *Server) open(c *conn) bool {
	c.ws.SetPingHandler(c.onPing)
	c.ws.SetPongHandler(c.onPong)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	full := s.opts.MaxConnections > 0 && len(s.conns) >= s.opts.MaxConnections
	c.place = len(s.conns)
	s.conns = append(s.conns, c)
	s.arrives(c)
	s.wg.Add(1) // until conn.end
	go c.wait()
	if full {
		c.close(CodeTooManyConnections, "the node has all the connections that it takes")
	}
	return true
}

// remove forgets a connection.
func (s *Server) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.conns[len(s.conns)-1]
	s.conns[c.place], last.place = last, c.place
	s.conns[len(s.conns)-1] = nil
	s.conns = s.conns[:len(s.conns)-1]
	s.count(c)
}

// Connections is how many there are.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}
