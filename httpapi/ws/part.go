package ws

import (
	"errors"
	"io"

	"github.com/gorilla/websocket"
)

// part is how the reader takes its leave once nothing more is read, for the reason given; closed: our own close frame was
// written before. The library has answered the peer's close frame, or said what is wrong with its frames. Closing the
// connection while there is something unread, such as what came behind those, would reset it and take that answer from
// a peer that has not read it yet. So our half is ended, and the peer's read to its end, for a moment (RFC 6455, 7.1.1),
// which has begun.
func (c *conn) part(why error, closed bool) {
	if _, answered := errors.AsType[*websocket.CloseError](why); answered && closed {
		return // it has heard ours
	}
	if errors.Is(why, websocket.ErrReadLimit) { // a length beyond any: the library cuts the connection without a word
		_ = c.control(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseMessageTooBig, ""))
	}
	c.wire.closeWrite()
	_, _ = io.Copy(io.Discard, &c.wire) // ends at once where the connection has failed
}

// fails ends a connection that the pump cannot write to. Where the reader has said the last word the end is up to it.
func (c *conn) fails(err error) {
	c.mu.Lock()
	ended := c.ended
	c.mu.Unlock()
	if !ended && !errors.Is(err, websocket.ErrCloseSent) {
		_ = c.wire.Close() // the reader ends, and with it everything
	}
}
