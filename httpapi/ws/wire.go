package ws

import (
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// chunk is how much is handed to the kernel at a time: progress is seen in steps of it.
	chunk = 32 << 10
	// corkSize is how much is gathered at most.
	corkSize = 16 << 10
	// lastChance is how long a peer that was too slow has to take the rest of the frame under way, so that it can be
	// told why it is cut off: a close frame cannot stand inside another.
	lastChance = time.Second
	// sendBuffer bounds what the kernel keeps for a peer that does not read; left alone it would grow to megabytes.
	sendBuffer = 128 << 10
)

// wire is the network connection under the WebSocket. It keeps its own write deadlines, chunk by chunk, lets others see
// how long a write has been stuck, and gathers small frames into one write where the pump asks for it. Its zero value
// needs Conn, patience and start.
type wire struct {
	net.Conn
	patience time.Duration // for each chunk
	start    time.Time     // the server's

	slow  atomic.Bool  // patience has run out once
	since atomic.Int64 // when the chunk under way was begun, in ns since start; 0: none is

	mu     sync.Mutex
	corked []byte // what has been gathered; nil: nothing is
}

// SetWriteDeadline does nothing: what the WebSocket library would set is worse than what Write does.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// Write writes p, or gathers it.
func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(p) > cap(w.corked)-len(w.corked) {
		if err := w.flush(); err != nil {
			return 0, err
		}
	}
	if len(p) > cap(w.corked) { // also when nothing is gathered
		return w.send(p)
	}
	w.corked = append(w.corked, p...)
	return len(p), nil
}

// cork gathers what is written from here on in b, which must be empty.
func (w *wire) cork(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.corked = b
}

// uncork writes what has been gathered. The buffer is the caller's again.
func (w *wire) uncork() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.flush()
	w.corked = nil
	return err
}

// flush wants w.mu held.
func (w *wire) flush() error {
	if len(w.corked) == 0 {
		return nil
	}
	_, err := w.send(w.corked)
	w.corked = w.corked[:0]
	return err
}

// send wants w.mu held.
func (w *wire) send(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = w.writeChunk(p[n:min(len(p), n+chunk)])
		n += m
	}
	return n, err
}

func (w *wire) writeChunk(p []byte) (int, error) {
	w.since.Store(max(1, int64(time.Since(w.start))))
	defer w.since.Store(0)
	patience := w.patience
	if w.slow.Load() {
		patience = lastChance
	}
	n, err := w.try(p, patience)
	if w.slow.Load() || !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, err
	}
	w.slow.Store(true)
	m, err := w.try(p[n:], lastChance)
	return n + m, err
}

func (w *wire) try(p []byte, patience time.Duration) (int, error) {
	if err := w.Conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	return w.Conn.Write(p)
}

// stuck is for how long the write under way has made no progress, at the time now since start; 0 if none is under way.
func (w *wire) stuck(now time.Duration) time.Duration {
	if since := w.since.Load(); since != 0 {
		return now - time.Duration(since)
	}
	return 0
}

// closeWrite tells the peer that nothing more comes, and leaves the other direction open: closing both while something
// of the peer's is unread would reset the connection, and take from it what it has not read yet.
func (w *wire) closeWrite() {
	if half, ok := w.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // the connection may be gone already
	}
}

// rawConn is the socket itself, nil where there is none to wait on: under TLS what is there to be read may be in the
// hands of the TLS layer already.
func (w *wire) rawConn() syscall.RawConn {
	c, ok := w.Conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// boundSendBuffer limits what the kernel buffers, where there is a kernel's buffer.
func (w *wire) boundSendBuffer() {
	c := w.Conn
	if under, ok := c.(interface{ NetConn() net.Conn }); ok { // TLS
		c = under.NetConn()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer) // a wish
	}
}
