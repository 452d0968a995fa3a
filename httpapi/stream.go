package httpapi

import (
	"net/http"

	"github.com/lastcall-dev/lastcall"
)

var typeStream = []string{"text/event-stream"}

// wantsStream decides between an event stream and JSON by what the client likes better; byDefault is for who likes both
// alike, as those do that say nothing.
func (c *call) wantsStream(byDefault bool) (bool, error) {
	c.w.Header().Set("Vary", "Accept")
	stream := quality(c.r.Header, "text", "event-stream")
	asJSON := quality(c.r.Header, "application", "json")
	if stream == 0 && asJSON == 0 {
		return false, lastcall.Errorf(lastcall.CodeNotAcceptable, "this call answers with text/event-stream and with application/json")
	}
	return stream > asJSON || (stream == asJSON && byDefault), nil
}

// stream hands a request over to an event stream. Unlike a socket it is let in to the very end of a node that is alone: a
// browser takes an answer that is not 200 for the last one, whereas one that ends with a retry has it come back.
func (c *call) stream(serve http.HandlerFunc) error {
	if c.r.Method == http.MethodHead { // nobody will read it, and it has no length
		c.w.Header()["Content-Type"] = typeStream
		c.answer(http.StatusOK, nil, nil)
		return nil
	}
	c.handOver(serve)
	return nil
}
