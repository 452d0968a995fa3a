package server

import (
	"context"
	"net/http"
	"sync"

	"github.com/lastcall-dev/lastcall"
)

// The answers to a probe.
type probed int

const (
	readyProbe probed = iota
	lateProbe         // no answer in time: it may be busy
	badProbe
)

// probeAll asks all of them at once. It returns when each has answered, or has had its time.
func probeAll(ctx context.Context, client *http.Client, peers []lastcall.Node) []probed {
	answers := make([]probed, len(peers))
	var asked sync.WaitGroup
	for i := range peers {
		asked.Go(func() { answers[i] = probe(ctx, client, peers[i].Address) }) // bounded by peersTimeout
	}
	asked.Wait()
	return answers
}

// probe asks a peer whether it would take what is sent to it.
func probe(ctx context.Context, client *http.Client, address string) probed {
	ctx, cancel := context.WithTimeout(ctx, peersTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", http.NoBody)
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
	if resp.StatusCode != http.StatusOK {
		return badProbe
	}
	return readyProbe
}
