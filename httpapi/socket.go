package httpapi

import (
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/lastcall-dev/lastcall"
)

// socket hands a handshake over to the WebSocket. What is wrong with one as a request of HTTP is found here, so that it is
// answered as every other error is.
func (a *api) socket(c *call) error {
	who, err := a.whoAsks(c.r)
	if err != nil {
		return err
	}
	if msg := badHandshake(c.r); msg != "" {
		c.w.Header().Set("Sec-WebSocket-Version", "13")
		return lastcall.Errorf(lastcall.CodeInvalidRequest, msg)
	}
	if err := c.refuse(); err != nil {
		return err
	}
	c.leaves()
	c.answered = true // whatever happens from here on, it is no HTTP any more
	a.Sockets.Serve(c.w, c.r, who)
	return nil
}

// badHandshake says why a request opens no WebSocket (RFC 6455, 4.2.1), "" if it does.
func badHandshake(r *http.Request) string {
	key, err := base64.StdEncoding.DecodeString(r.Header.Get("Sec-WebSocket-Key"))
	once := func(name string) bool { return len(r.Header.Values(name)) == 1 } // two of them may be read as either
	switch {
	case r.Method != http.MethodGet || !r.ProtoAtLeast(1, 1) || r.ProtoMajor != 1 ||
		!listed(r.Header["Connection"], "upgrade") || !listed(r.Header["Upgrade"], "websocket"):
		return "this path speaks WebSocket: the request must be an upgrade over HTTP/1.1"
	case !once("Sec-WebSocket-Version") || r.Header.Get("Sec-WebSocket-Version") != "13":
		return "the Sec-WebSocket-Version must be 13"
	case err != nil || len(key) != 16 || !once("Sec-WebSocket-Key"):
		return "the Sec-WebSocket-Key must be 16 bytes in base64"
	}
	return ""
}

// listed reports whether a header that is a list holds the word.
func listed(lines []string, word string) bool {
	for _, line := range lines {
		for element := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(element), word) {
				return true
			}
		}
	}
	return false
}
