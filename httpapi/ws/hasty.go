package ws

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// refuseHasty answers a client that has sent frames behind its handshake, and closes the connection. RFC 6455, 4.1, has it
// wait: a proxy on the way that did not let it in would take the frames for requests. That they came is known only once
// the connection is no longer the http.Server's, so the answer is written by hand, and the client's half read to its end
// for a moment: closing with frames of it unread would reset the connection, and take the answer from it (see part).
func (s *Server) refuseHasty(to net.Conn, r *http.Request) {
	defer to.Close()
	a := answer{header: http.Header{}, status: http.StatusOK}
	s.opts.Refuse(&a, r, lastcall.Errorf(lastcall.CodeInvalidRequest, "frames must not be sent before the handshake is answered"))
	resp := http.Response{
		StatusCode: a.status, ProtoMajor: 1, ProtoMinor: 1, Header: a.header, Request: r, Close: true,
		Body: io.NopCloser(&a.body), ContentLength: int64(a.body.Len()),
	}
	if err := to.SetWriteDeadline(time.Now().Add(s.opts.WriteTimeout)); err == nil {
		_ = resp.Write(to) // the client may be gone
	}
	(&wire{Conn: to}).closeWrite()
	if err := to.SetReadDeadline(time.Now().Add(closeLinger)); err == nil {
		_, _ = io.Copy(io.Discard, to)
	}
}

// answer is an http.ResponseWriter that keeps what it is given.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
