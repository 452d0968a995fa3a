package server

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
)

// peers knows who else is on the store, once this node has been told to stop; nobody asks before.
type peers struct {
	mu     sync.Mutex
	looked bool     // the store was asked since the signal
	fit    []string // incarnations that could take over: the store says so, and they have answered a probe
	coming bool     // somebody is there who may be fit soon
}

const (
	peersEvery   = 100 * time.Millisecond // between looks at the peers of a node that drains
	peersTimeout = 500 * time.Millisecond // of one look at the store, and of one probe
	probesMost   = 16                     // peers probed in one look: one that answers is enough
)

// seen is what is known of peers. The first to ask after the signal finds out from the store who is there at all: to
// take a sibling that joined a moment ago for nobody would be to refuse for nothing (G6).
func (n *node) seen() (fit, coming bool) {
	n.peers.mu.Lock()
	defer n.peers.mu.Unlock()
	if !n.peers.looked && n.drainer.Told() {
		ctx, cancel := context.WithTimeout(context.Background(), peersTimeout)
		defer cancel()
		n.peers.looked, n.peers.coming = true, len(n.others(ctx)) > 0
	}
	return len(n.peers.fit) > 0, n.peers.coming
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

// lookForPeers asks the store who is there, and those whether they are ready. Without a store there is no peer.
func (n *node) lookForPeers(ctx context.Context, client *http.Client) {
	var fit []string
	coming := false
	before := n.fitPeers()
	for _, other := range n.others(ctx) {
		// Who is not fit yet is probed too: one that was killed is there for the store until its lease is over.
		answer := probe(ctx, client, other.Address)
		switch {
		case answer == badProbe: // it is going down itself, or is gone
		case other.Fit() && (answer == readyProbe || slices.Contains(before, other.Incarnation)):
			fit = append(fit, other.Incarnation) // one that has answered before may be late once
		default:
			coming = true
		}
	}
	n.peers.mu.Lock()
	changed := (len(fit) > 0) != (len(n.peers.fit) > 0) || coming != n.peers.coming
	n.peers.fit, n.peers.coming, n.peers.looked = fit, coming, true
	n.peers.mu.Unlock()
	if changed {
		n.drainer.Poke()
	}
}

// others are the nodes that nobody has told to stop, but for this one.
func (n *node) others(ctx context.Context) []lastcall.Node {
	ctx, cancel := context.WithTimeout(ctx, peersTimeout)
	defer cancel()
	nodes, err := n.store.Nodes(ctx)
	if err != nil {
		n.o.Logger.Warn("cannot look for peers", "error", err)
		return nil
	}
	own := n.worker.Incarnation()
	others := nodes[:0]
	for _, other := range nodes {
		if other.Incarnation != own && other.Coming() && len(others) < probesMost {
			others = append(others, other)
		}
	}
	return others
}

// The answers to a probe.
type probed int

const (
	readyProbe probed = iota
	lateProbe         // no answer in time: it may be busy
	badProbe
)

// probe asks a peer whether it would take what is sent to it.
func probe(ctx context.Context, client *http.Client, address string) probed {
	ctx, cancel := context.WithTimeout(ctx, peersTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", http.NoBody)
	if err != nil {
		return badProbe
	}
	resp, err := client.Do(req)
	switch {
	case err != nil && ctx.Err() != nil:
		return lateProbe
	case err != nil:
		return badProbe
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return badProbe
	}
	return readyProbe
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

// probeAddress is where peers reach what listens at a. What listens at every address of this host is reached, by those
// that share a file with it, at the loopback address.
func probeAddress(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return a.String()
	}
	home := netip.IPv6Loopback()
	if tcp.IP.To4() != nil {
		home = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.AddrPortFrom(home, uint16(tcp.Port)).String()
}
