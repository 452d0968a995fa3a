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
// come, and shuts down then. The zero value is ready to use.
type arrivals struct {
	mu   sync.Mutex
	open map[net.Conn]*arrival
}

// arrival is one of them.
type arrival struct {
	at    time.Time
	heard atomic.Bool // its first request has reached its handler
}

type arrivalKey struct{}

// note is for http.Server.ConnContext: it notes who comes.
func (a *arrivals) note(ctx context.Context, c net.Conn) context.Context {
	it := &arrival{at: time.Now()}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.open == nil {
		a.open = map[net.Conn]*arrival{}
	}
	a.open[c] = it
	return context.WithValue(ctx, arrivalKey{}, it)
}

// state is for http.Server.ConnState: it forgets who was heard, or is gone. One that is active is about to be heard.
func (a *arrivals) state(c net.Conn, s http.ConnState) {
	if s == http.StateNew || s == http.StateActive {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if it := a.open[c]; it != nil && (s != http.StateIdle || it.heard.Load()) {
		delete(a.open, c)
	}
}

// hear notes that a connection's first request has got through.
func (a *arrivals) hear(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if it, ok := r.Context().Value(arrivalKey{}).(*arrival); ok && !it.heard.Load() {
			it.heard.Store(true)
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
		if !it.heard.Load() && it.at.After(since) {
			return true
		}
	}
	return false
}
