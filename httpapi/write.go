package httpapi

import (
	"net/http"
	"time"
)

const (
	// portion is how much of an answer is written at a time, and how long one may be to be written without a look at the
	// clock: the kernel holds that much.
	portion = 64 << 10 // bytes
	// takeWithin is how long a client may take none of a portion, as on sockets and streams.
	takeWithin = 10 * time.Second
)

// write writes an answer. A long one is held in memory until it is taken, so that a client that takes nothing of it is not
// waited for: who only takes his time may. It fails only where nobody listens any more.
func write(w http.ResponseWriter, body []byte) {
	if len(body) <= portion {
		_, _ = w.Write(body)
		return
	}
	rc := http.NewResponseController(w)
	for len(body) > 0 {
		_ = rc.SetWriteDeadline(time.Now().Add(takeWithin)) // where there are none the peer has to be trusted
		n, err := w.Write(body[:min(portion, len(body))])
		if err != nil {
			return
		}
		body = body[n:]
	}
	if rc.Flush() == nil { // the rest, still within its time
		_ = rc.SetWriteDeadline(time.Time{}) // the next answer on this connection has its own
	}
}
