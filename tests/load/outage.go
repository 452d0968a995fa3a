package load

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// Outage is what a test takes away from the service, and so what may come back for a request instead of its answer.
type Outage int

// The outages.
const (
	None  Outage = iota // whatever is not the answer that one node which never stops would give is a failure (G6)
	Store               // the store: 503 store_unavailable, with a time to come again
	Nodes               // nodes: what a balancer says whose server has gone, or nothing at all; and all that Store excuses
)

// excuses reports whether the outage explains what came of a request. Nothing explains another status, or a 503 that does
// not say when to come again (G10).
func (o Outage) excuses(a lab.Answer, err error) bool {
	switch {
	case o == None:
		return false
	case err != nil:
		return o == Nodes
	case a.Status == http.StatusServiceUnavailable && a.Code() == lastcall.CodeStoreUnavailable:
		return a.Header.Get("Retry-After") != ""
	}
	return o == Nodes && ofBalancer(a.Status, a.Header)
}

// ofBalancer reports whether an answer is a balancer's own: no node answers so with a page.
func ofBalancer(status int, h http.Header) bool {
	gone := status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
	return gone && strings.HasPrefix(h.Get("Content-Type"), "text/html")
}

// comeBack is how long a client waits that has lost its stream to an outage.
const comeBack = 200 * time.Millisecond

// lost notes that a stream has ended as it should not, and reports whether its client is to come back.
func (c *Crowd) lostf(who, format string, args ...any) bool {
	if c.over() {
		return false
	}
	if c.plan.Outage == None {
		c.failf(who, format, args...)
		return false
	}
	c.count(&c.tally.broken)
	c.tally.explain(who + ": " + fmt.Sprintf(format, args...))
	return pause(comeBack, c.stop)
}
