package drain

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// writer is the ResponseWriter that handlers see. It notices a Hijack and is
// otherwise the server's own: flushing and copying from a file pass through,
// the rest is found by http.ResponseController through Unwrap.
type writer struct {
	http.ResponseWriter
	visit *visit
}

// Unwrap is for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush is for handlers that assert http.Flusher.
func (w *writer) Flush() {
	// Flusher has no error to return: a writer that cannot flush does not.
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// ReadFrom keeps the way open for sendfile.
func (w *writer) ReadFrom(src io.Reader) (int64, error) {
	return io.Copy(w.ResponseWriter, src)
}

// Hijack hands the connection to the handler and keeps an eye on its end.
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return w.visit.hijacked(conn), buffered, nil
}

// hijacked notes that the connection is the handler's own from now on.
func (v *visit) hijacked(conn net.Conn) net.Conn {
	v.web.mu.Lock()
	defer v.web.mu.Unlock()
	v.conn = conn
	return &tracked{conn, v}
}

// tracked is a hijacked connection that says when it is closed.
type tracked struct {
	net.Conn
	visit *visit
}

// Close closes the connection and ends the visit, whatever becomes of the close.
func (t *tracked) Close() error {
	err := t.Conn.Close()
	t.visit.hungUp()
	return err
}

// NetConn is the connection beneath, for whoever has to set its options.
func (t *tracked) NetConn() net.Conn { return t.Conn }
