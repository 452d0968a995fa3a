package client

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/lastcall-dev/lastcall"
)

// verdict is what the end of a connection, or a handshake that failed, says about the next one.
type verdict int

const (
	withBackoff  verdict = iota
	atOnce               // what was wrong is mended by a new handshake
	afterRestart         // the service restarts: give it time, and do not come all together
	never                // coming back unchanged would end the same way
)

// judge reads the verdict out of a close code (asyncapi.yaml) or out of the answer to a handshake. A connection that broke
// without a word, and any code that is not known, is worth another try. So is 1000: nobody asked for it.
func judge(err error) verdict {
	if h, ok := errors.AsType[*handshakeError](err); ok {
		return h.verdict()
	}
	switch code := websocket.CloseStatus(err); {
	case code == websocket.StatusServiceRestart, code == websocket.StatusGoingAway:
		return afterRestart
	case code >= 4000 && code < 4100:
		return never
	case code >= 4200 && code < 4300:
		return atOnce
	}
	return withBackoff
}

// handshakeError is a connection that did not come about.
type handshakeError struct{ failure *failure }

func (e *handshakeError) Error() string { return "connect: " + e.failure.err.Error() }

func (e *handshakeError) Unwrap() error { return e.failure.err }

// verdict gives up where the server has said that the request itself is wrong.
func (e *handshakeError) verdict() verdict {
	switch s := e.failure.status; {
	case s == http.StatusTooManyRequests, s == http.StatusRequestTimeout, s == http.StatusTooEarly:
		return withBackoff
	case s >= http.StatusBadRequest && s < http.StatusInternalServerError:
		return never
	}
	return withBackoff
}

// The times within which clients come back that a restart has cut off, unless the server has given each its own.
const (
	soonest = time.Second
	latest  = 10 * time.Second
)

// pause is how long to wait before the next connection. Failures counts the connections in a row that came to nothing;
// jitter is from [0, 1).
func pause(err error, b lastcall.Backoff, failures int, jitter float64) time.Duration {
	if h, ok := errors.AsType[*handshakeError](err); ok && h.failure.after > 0 {
		return h.failure.after
	}
	switch v := judge(err); {
	case v == atOnce && failures == 0:
		return 0
	case v == afterRestart:
		return soonest + time.Duration(jitter*float64(latest-soonest))
	}
	return b.After(failures+1, jitter)
}

// CloseError is a connection that the server closed for good: coming back unchanged would end the same way.
type CloseError struct {
	Code   int // 4000 to 4099
	Reason string
}

func (e *CloseError) Error() string {
	return fmt.Sprintf("the server closed the connection: %d %s", e.Code, e.Reason)
}

// final is err as the one who reads the mailbox is told that it is the end.
func final(err error) error {
	if c, ok := errors.AsType[websocket.CloseError](err); ok {
		return &CloseError{Code: int(c.Code), Reason: c.Reason}
	}
	return err
}
