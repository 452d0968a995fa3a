package server

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
)

// peers knows who else is on the store, once this node has been told to stop; nobody asks before.
type peers struct {
	mu     sync.Mutex
	asked  time.Time // when the store last answered, or first did not; zero: the look-out has not asked it yet
	fit    []string  // incarnations that could take over: the store says so, and they have answered a probe
	coming bool      // somebody is there who may be fit soon

	elsewhere sync.Once // what a peer advertises was told to be wrong
}

// A look asks the store and then all peers at once, so that those on a host that has just died, whose addresses swallow
// what is sent there, cost it one probe's time together. That is many times the way there and back within a region; what
// a lost packet makes later than that is asked anew by the next look, and believed meanwhile if it answered before.
const (
	peersEvery   = 100 * time.Millisecond // between looks at the peers of a node that drains
	peersTimeout = 500 * time.Millisecond // of one look at the store, and of one probe
	firstTimeout = 200 * time.Millisecond // of the first, which the drain waits for
	peersKept    = 6 * time.Second        // how long what was seen is believed while the store does not answer
	probesMost   = 16                     // peers probed in one look
)

// seen is what is known of peers.
func (n *node) seen() (fit, coming bool) {
	if !n.drainer.Told() {
		return false, false
	}
	n.peers.mu.Lock()
	known := !n.peers.asked.IsZero()
	n.peers.mu.Unlock()
	if !known {
		n.firstLook()
	}
	n.peers.mu.Lock()
	defer n.peers.mu.Unlock()
	return len(n.peers.fit) > 0, n.peers.coming
}

// firstLook finds out from the store who is there at all, for the first to ask after the signal: to take a sibling that
// joined a moment ago for nobody would be to refuse for nothing (G6). A store that does not answer says nothing about
// anybody: somebody may be coming.
func (n *node) firstLook() {
	others, err := n.others(context.Background(), firstTimeout)
	n.peers.mu.Lock()
	defer n.peers.mu.Unlock()
	if !n.peers.asked.IsZero() {
		return // the look-out was faster, and knows more
	}
	n.peers.coming = err != nil || len(others) > 0
	if err == nil {
		n.peers.asked = time.Now()
	}
}

// fitPeers names those that could take over.
func (n *node) fitPeers() []string {
	n.peers.mu.Lock()
	defer n.peers.mu.Unlock()
	return n.peers.fit
}

// seekPeers looks for peers from the signal on, until ctx ends.
func (n *node) seekPeers(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-n.drainer.Begun():
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	every := time.NewTicker(peersEvery)
	defer every.Stop()
	for {
		n.lookForPeers(ctx, client)
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

// lookForPeers asks the store who is there, and those whether they are ready.
func (n *node) lookForPeers(ctx context.Context, client *http.Client) {
	others, err := n.others(ctx, peersTimeout)
	if err != nil {
		n.keepPeers(err)
		return
	}
	var fit []string
	coming := false
	before := n.fitPeers()
	// Who is not fit yet is probed too: one that was killed is there for the store until its lease is over.
	answers := probeAll(ctx, client, others)
	for i, other := range others {
		switch answer := answers[i]; {
		case answer == badProbe: // it is going down itself, or is gone
		case answer == otherProbe:
			coming = true
			if !replaced(&other, others) {
				n.warnElsewhere(other.Name, other.Address)
			}
		case other.Fit() && (answer == readyProbe || slices.Contains(before, other.Incarnation)):
			fit = append(fit, other.Incarnation) // one that has answered before may be late once
		default:
			coming = true
		}
	}
	n.setPeers(fit, coming, time.Now())
}

// replaced reports whether somebody has started later where a node listened: one that was killed is there for the store
// until its lease is over, and has advertised nothing wrong.
func replaced(one *lastcall.Node, others []lastcall.Node) bool {
	return slices.ContainsFunc(others, func(other lastcall.Node) bool {
		return other.Address == one.Address && other.Since.After(one.Since)
	})
}

// warnElsewhere says, once, that a peer cannot be asked.
func (n *node) warnElsewhere(peer, address string) {
	n.peers.elsewhere.Do(func() {
		n.o.Logger.Warn("somebody else answers where a peer says that it is reached: what it advertises is wrong, or it is gone",
			"peer", peer, "address", address)
	})
}

// keepPeers deals with a store that does not answer: what was seen before is believed for a while. Then nobody is fit, as
// nobody could take over on it; but who was there may be there still, and is waited for as one who is coming, so that
// nothing is refused for want of an answer as long as there is time (G6).
func (n *node) keepPeers(err error) {
	n.o.Logger.Warn("cannot look for peers", "error", err)
	n.peers.mu.Lock()
	if n.peers.asked.IsZero() { // it did not answer at the signal either: the time counts from now
		n.peers.asked = time.Now()
	}
	asked, somebody := n.peers.asked, n.peers.coming || len(n.peers.fit) > 0
	n.peers.mu.Unlock()
	if time.Since(asked) > peersKept {
		n.setPeers(nil, somebody, asked)
	}
}

func (n *node) setPeers(fit []string, coming bool, asked time.Time) {
	n.peers.mu.Lock()
	changed := (len(fit) > 0) != (len(n.peers.fit) > 0) || coming != n.peers.coming
	n.peers.fit, n.peers.coming, n.peers.asked = fit, coming, asked
	n.peers.mu.Unlock()
	if changed {
		n.drainer.Poke()
	}
}

// others are the nodes that nobody has told to stop, but for this one.
func (n *node) others(ctx context.Context, within time.Duration) ([]lastcall.Node, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	nodes, err := n.store.Nodes(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for peers: %w", err)
	}
	own := n.worker.Incarnation()
	others := nodes[:0]
	for _, other := range nodes {
		if other.Incarnation != own && other.Coming() && len(others) < probesMost {
			others = append(others, other)
		}
	}
	return others, nil
}

// enterAnnounce tells the store that this node goes, unless those that could take over go as well.
func (n *node) enterAnnounce(ctx context.Context) error {
	announcer, ok := n.store.(lastcall.Announcer)
	if !ok {
		return drain.ErrNoPeer
	}
	entered, err := announcer.EnterAnnounce(ctx, n.worker.Incarnation(), n.fitPeers())
	if err == nil && !entered {
		err = drain.ErrNoPeer
	}
	return err
}
