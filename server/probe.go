package server

import (
	"context"
	"net"
	"net/http"
	"strconv"
)

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

// probeAddress is where peers reach what listens at a. What listens at every address of this host is reached, by those
// that share a file with it, at whichever of its loopback addresses works.
func probeAddress(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return a.String()
	}
	return net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
}
