package ws

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/lastcall-dev/lastcall"
)

// Subprotocol is the only one that is spoken. A client that names none is served too.
const Subprotocol = "lastcall.v1"

// socket is all that this package asks of a WebSocket library.
type socket interface {
	NextReader() (messageType int, r io.Reader, err error)
	WriteMessage(messageType int, data []byte) error
	WriteControl(messageType int, data []byte, deadline time.Time) error
	SetPingHandler(h func(payload string) error)
	SetPongHandler(h func(payload string) error)
	Close() error
}

// readBuffer is the size of a connection's read buffer. What clients say is short, and it is held all the time. The
// library takes over the reader that comes with a hijacked connection if it is larger than 256 bytes, and makes one of
// its own otherwise; this one is ours, so that conn.read can ask whether anything is left in it.
const readBuffer = 264

// upgrade answers the handshake and puts c on top of the connection. A *lastcall.Error is for the caller to answer; after
// any other there is nobody left to answer.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, c *conn) error {
	answer := http.Header{}
	if offered := subprotocols(r); slices.Contains(offered, Subprotocol) {
		answer.Set("Sec-WebSocket-Protocol", Subprotocol)
	} else if len(offered) > 0 {
		return lastcall.Errorf(lastcall.CodeInvalidRequest, "the only subprotocol is "+Subprotocol)
	}
	h := &hijacker{ResponseWriter: w, wire: &c.wire}
	u := websocket.Upgrader{
		// What it takes to be let in has been checked: origins, hosts, who is asking.
		CheckOrigin:     func(*http.Request) bool { return true },
		WriteBufferPool: &s.buffers.writes,
		// The caller answers, in the one shape that all errors have.
		Error: func(http.ResponseWriter, *http.Request, int, error) {},
	}
	ws, err := u.Upgrade(h, r, answer)
	switch {
	case err == nil:
		c.ws, c.in = ws, h.in
		c.wire.boundSendBuffer()
		c.raw = c.wire.rawConn()
		return nil
	case h.hasty != nil:
		s.refuseHasty(h.hasty, r)
		return err
	case h.taken:
		return err
	}
	return lastcall.Errorf(lastcall.CodeInvalidRequest, "this path speaks WebSocket: "+err.Error())
}

// subprotocols are those that the client offers, in one line or in several (RFC 6455, 11.3.4; the library reads the first).
func subprotocols(r *http.Request) (list []string) {
	for _, line := range r.Header["Sec-Websocket-Protocol"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name != "" {
				list = append(list, name)
			}
		}
	}
	return list
}

// hijacker slips the wire between the library and the network.
type hijacker struct {
	http.ResponseWriter
	wire  *wire
	in    *bufio.Reader
	taken bool
	hasty net.Conn // the client's, if it has not waited for the answer
}

// Hijack makes hijacker an http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, brw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.taken = true
	h.wire.Conn = c
	if brw.Reader.Buffered() > 0 {
		h.hasty = c
		return nil, nil, errors.New("the client has not waited for the answer")
	}
	h.in = bufio.NewReaderSize(h.wire, readBuffer)
	return h.wire, bufio.NewReadWriter(h.in, brw.Writer), nil
}
