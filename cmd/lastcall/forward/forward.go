// Package forward is the smallest balancer that does its part in a roll-out: it takes connections at one address and
// passes each on to a backend that says that it is ready. It is what "lastcall demo" puts before two processes, and what
// tests compare a grown-up balancer with; it has no place in production.
//
// What it follows is /readyz, asked several times a second. A connection, once passed on, stays where it is until one
// of its ends closes it: which requests come on it is between those two. A new one goes to the backends that are ready,
// in turn; where the first does not answer the next is tried, and where none is ready whichever still takes a connection
// gets it, as the refusal of a draining server is a better answer than none.
package forward

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// Forwarder passes connections on. Its methods may be called concurrently.
type Forwarder struct {
	every time.Duration

	mu       sync.Mutex
	backends []*backend
	turn     int
	wake     chan struct{} // buffer of 1: a backend is new
}

// backend is a server behind the forwarder.
type backend struct {
	addr  string
	ready bool
}

// New makes a Forwarder that asks its backends whether they are ready at that interval.
func New(every time.Duration) *Forwarder {
	return &Forwarder{every: every, wake: make(chan struct{}, 1)}
}

// Add makes the server at addr, HOST:PORT, a backend. It gets connections once it is ready.
func (f *Forwarder) Add(addr string) {
	f.mu.Lock()
	f.backends = append(f.backends, &backend{addr: addr})
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Remove forgets a backend. Connections to it stay.
func (f *Forwarder) Remove(addr string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, b := range f.backends {
		if b.addr == addr {
			f.backends = append(f.backends[:i:i], f.backends[i+1:]...)
			return
		}
	}
}

// Ready lists the backends that are ready.
func (f *Forwarder) Ready() (addrs []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range f.backends {
		if b.ready {
			addrs = append(addrs, b.addr)
		}
	}
	return addrs
}

// Run takes connections from ln, which it closes, until ctx ends; then it cuts those that there are.
func (f *Forwarder) Run(ctx context.Context, ln net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup // the prober and every connection; all end with ctx
	defer all.Wait()
	defer cancel()
	all.Go(func() { f.probe(ctx) })
	stop := context.AfterFunc(ctx, func() { _ = ln.Close() })
	defer stop()
	for {
		conn, err := ln.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return errors.Join(err, ln.Close())
		}
		all.Go(func() { f.pass(ctx, conn) })
	}
}

// order is the backends to try for the next connection: those that are ready, in turn, then the others.
func (f *Forwarder) order() (addrs []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turn++
	var others []string
	for i := range f.backends {
		b := f.backends[(i+f.turn)%len(f.backends)]
		if b.ready {
			addrs = append(addrs, b.addr)
		} else {
			others = append(others, b.addr)
		}
	}
	return append(addrs, others...)
}
