package server

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/httpapi/sse"
	"github.com/lastcall-dev/lastcall/httpapi/ws"
)

// The parts of closing. What runs side by side is bounded by the longer of the two, and none waits for a peer longer.
const (
	answersWithin = 500 * time.Millisecond // for answers to leave, and for requests that are still being sent
	closesWithin  = 500 * time.Millisecond // for close frames to leave
)

// handBack stops what still runs and gives it back.
func (n *node) handBack(ctx context.Context, o drain.Orders) {
	within := time.Until(o.StopBy)
	done := n.worker.HandBack(ctx, max(within, 0))
	n.tally.mu.Lock()
	n.tally.Work.HandedBack, n.tally.Work.Fenced = done.HandedBack, done.Fenced
	n.tally.mu.Unlock()
	if done.Unsettled > 0 {
		n.o.Logger.Warn("runs could not be given back in time; the store takes them when this node leaves", "runs", done.Unsettled)
	}
}

// close ends everything, in the order in which it depends on each other: who still waits is answered, clients are told
// to come back, the worker leaves the store, and the store is closed last.
func (n *node) close(ctx context.Context) error {
	n.waits.set(true)
	n.closeClients(ctx)
	n.stopWork()
	n.working.Wait()
	n.syncs.Wait()
	n.stopTell()
	n.telling.Wait()
	n.serving.Wait()
	return n.down.run()
}

// closeClients takes leave of all kinds of clients at once.
func (n *node) closeClients(ctx context.Context) {
	n.serving.Go(func() { // ends with ctx and answers at the latest
		if !n.requests.settle(ctx) {
			n.o.Logger.Warn("requests have no answer in time")
		}
		n.stopListening()
		answers, cancel := context.WithTimeout(context.WithoutCancel(ctx), answersWithin)
		defer cancel()
		n.arrivals.settle(answers)
		if err := n.http.Shutdown(answers); err != nil {
			n.o.Logger.Warn("requests were cut off", "error", errors.Join(err, n.http.Close()))
		}
	})
	var streams sse.Counts
	n.serving.Go(func() { streams = n.streams.CloseAll(time.Now().Add(closesWithin)) })
	sockets := n.sockets.CloseAll(ws.CodeRestart, time.Now().Add(closesWithin))
	n.serving.Wait() // HTTP's Shutdown waits for the streams too
	n.tally.mu.Lock()
	defer n.tally.mu.Unlock()
	n.tally.Clients = drain.ClientTally{
		Served: sockets.Served + streams.Served, HandedOver: sockets.HandedOver + streams.HandedOver,
		Closed: sockets.Closed + streams.Closed,
	}
}

// stopListening closes the listener, and returns when nobody is accepted any more. One that a service manager holds too
// stays open there: who connects from now on waits for the next process.
func (n *node) stopListening() {
	if err := n.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		n.o.Logger.Warn("the listener", "error", err)
	}
	<-n.accepted
}
