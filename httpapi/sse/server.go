package sse

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/hub"
)

// Server keeps the event streams and long-polls of a node. All methods may be called concurrently.
type Server struct {
	hub   *hub.Hub
	opts  Options
	start time.Time

	// The life of all streams: what they wait for ends with it.
	ctx  context.Context
	stop context.CancelFunc

	lines lines

	mu      sync.Mutex
	streams map[*stream]struct{}
	gone    sync.WaitGroup // streams; added to under mu while closing is false
	drain   *drain         // nil until it is announced
	leaveBy time.Time      // when the last stream is to be sent on; zero: they stay
	closing bool           // no stream is taken any more
	counts  Counts
}

// New makes a server whose clients read through h.
func New(h *hub.Hub, o Options) *Server {
	s := &Server{hub: h, opts: o.withDefaults(), start: time.Now(), streams: make(map[*stream]struct{})}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// open takes a stream up. It is false when all are being closed: then it finds so in its orders, and nobody waits for it.
func (s *Server) open(st *stream) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrives(st)
	if s.closing {
		return false
	}
	s.gone.Add(1) // until leave
	s.streams[st] = struct{}{}
	return true
}

// leave forgets a stream that has ended, and notes what became of it.
func (s *Server) leave(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, st)
	s.count(st)
	s.gone.Done()
}

// Connections is how many streams and long-polls there are.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams)
}

// all lists the streams of the moment.
func (s *Server) all() []*stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*stream, 0, len(s.streams))
	for st := range s.streams {
		all = append(all, st)
	}
	return all
}

// life is a context that ends with ctx or with the server's streams.
func (s *Server) life(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	unhook := context.AfterFunc(s.ctx, cancel)
	return ctx, func() {
		unhook()
		cancel()
	}
}

// refuse answers a request that no stream comes of. A store that is away for a moment makes a stream that ends at once:
// an EventSource that is refused stays away for good, and one whose stream has ended comes back.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case r.Context().Err() != nil:
		return // nobody listens
	case unavailable(err) || s.ctx.Err() != nil: // the latter: the node closes, and the store was not asked any more
		out := newWriter(w, r, s.newStream(""))
		out.retry(usualRetry())
		out.beat()
		_ = out.flush() // who is gone need not be told
		return
	}
	var e *lastcall.Error
	if !errors.As(err, &e) {
		e = &lastcall.Error{Code: lastcall.CodeInternal, Err: err}
	}
	if e.Code == lastcall.CodeInternal {
		s.opts.Logger.Error("stream cannot be served", "path", r.URL.Path, "error", err)
	}
	s.opts.Refuse(w, r, e)
}

// unavailable reports whether the store may be back soon.
func unavailable(err error) bool {
	return lastcall.CodeOf(err) == lastcall.CodeStoreUnavailable || errors.Is(err, context.DeadlineExceeded)
}
