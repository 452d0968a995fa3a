package server

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
)

// standing is the key under which the context of a request tells that its connection has no seat.
type standing struct{}

// noteStanding is http.Server's ConnContext.
func noteStanding(ctx context.Context, c net.Conn) context.Context {
	if s, ok := c.(*seat); ok && s.stands {
		return context.WithValue(ctx, standing{}, true)
	}
	return ctx
}

// oneAnswer answers those who have no seat, once: probes and scrapes as ever, all else by sending it away. A handshake is
// refused like any other request rather than by a close code: a balancer can repeat it elsewhere, and clients come back
// with backoff from a handshake that fails.
func (n *node) oneAnswer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(standing{}) == nil {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Connection", "close")
		if drain.IsProbe(r) {
			next.ServeHTTP(w, r)
			return
		}
		n.refuse(w, r, &lastcall.Error{
			Code: lastcall.CodeTooManyConnections, Detail: "this node has all the connections that it takes", RetryAfter: comeAgain,
		})
	})
}

// comeAgain is when who found all seats taken may try again.
const comeAgain = 5 * time.Second
