package server

import (
	"context"
	"net/http"
	"sync"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi"
)

// The answers to a probe.
type probed int

const (
	readyProbe probed = iota
	lateProbe         // no answer in time: it may be busy
	otherProbe        // somebody else has answered
	badProbe
)

// probeAll asks all of them at once. It returns when each has answered, or has had its time.
func probeAll(ctx context.Context, client *http.Client, peers []lastcall.Node) []probed {
	answers := make([]probed, len(peers))
	var asked sync.WaitGroup
	for i := range peers {
		asked.Go(func() { answers[i] = probe(ctx, client, &peers[i]) }) // bounded by peersTimeout
	}
	asked.Wait()
	return answers
}

// probe asks a peer whether it would take what is sent to it.
//
// Somebody else may answer there: this node itself, where two say that they are at the same loopback address and each is in
// a network of its own, or who came after a peer that was killed. That says nothing about the peer, who may be there and
// out of reach; it is not taken for fit, and not for gone. Versions before do not say who they are, and are believed.
func probe(ctx context.Context, client *http.Client, peer *lastcall.Node) probed {
	ctx, cancel := context.WithTimeout(ctx, peersTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+peer.Address+"/readyz", http.NoBody)
	if err != nil {
		return badProbe
	}
	req.Host = "localhost" // the one name that every node answers to: one that asks for no token refuses others
	resp, err := client.Do(req)
	switch {
	case err != nil && ctx.Err() != nil:
		return lateProbe
	case err != nil:
		return badProbe
	}
	defer resp.Body.Close()
	if who := resp.Header.Get(httpapi.HeaderIncarnation); who != "" && who != peer.Incarnation {
		return otherProbe
	}
	if resp.StatusCode != http.StatusOK {
		return badProbe
	}
	return readyProbe
}
