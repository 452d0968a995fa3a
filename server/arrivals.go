package server

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// arrivals are the connections that were accepted, and on which nothing was asked yet. Net/http drops them when it is told
// to shut down, also one whose request is there and has only not been read: a client that connected in the last moment
// would find the process gone without an answer (G6). So whoever closes stops to accept, hears those out who have just
// come, and shuts down then. Each is noted when it comes and taken off when it is heard or gone: requests after its first
// take no lock. The zero value is ready to use.
type arrivals struct {
	mu   sync.Mutex
	open map[net.Conn]*arrival
}

// arrival is one of them.
type arrival struct {
	conn  net.Conn
	at    time.Time
	heard atomic.Bool // its first request has reached its handler
}

type arrivalKey struct{}

// note is for http.Server.ConnContext: it notes who comes.
func (a *arrivals) note(ctx context.Context, c net.Conn) context.Context {
	it := &arrival{conn: c, at: time.Now()}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = map[net.Conn]*arrival{}
	}
	a.open[c] = it
	return context.WithValue(ctx, arrivalKey{}, it)
}

// state is for http.Server.ConnState: it forgets who is gone.
func (a *arrivals) state(c net.Conn, s http.ConnState) {
	if s == http.StateClosed {
		a.forget(c)
	}
}

func (a *arrivals) forget(c net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.open, c)
}

// hear takes off a connection whose first request has got through.
func (a *arrivals) hear(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		it, ok := r.Context().Value(arrivalKey{}).(*arrival)
		if ok && !it.heard.Load() && it.heard.CompareAndSwap(false, true) { // HTTP/2 asks several things at once
			a.forget(it.conn)
		}
		next.ServeHTTP(w, r)
	})
}

// heardOut is how long after it was accepted a connection is waited for: its request is on its way behind it. Who has
// said nothing by then may have connected to have it done, as browsers do.
const heardOut = 250 * time.Millisecond

// settle waits until all who came just now were heard, or ctx ends.
func (a *arrivals) settle(ctx context.Context) {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for a.waiting(time.Now().Add(-heardOut)) {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// waiting reports whether somebody who came after a time was not heard yet.
func (a *arrivals) waiting(since time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, it := range a.open {
		if it.at.After(since) {
			return true
		}
	}
	return false
}
