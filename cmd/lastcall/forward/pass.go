package forward

import (
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// dialWithin bounds the wait for a backend before the next is tried.
const dialWithin = time.Second

// pass joins a connection with a backend, and returns when both ways are at their end, or when ctx ends.
func (f *Forwarder) pass(ctx context.Context, front net.Conn) {
	defer front.Close()
	back := f.dial(ctx)
	if back == nil {
		return
	}
	defer back.Close()
	stop := context.AfterFunc(ctx, func() {
		_ = front.Close()
		_ = back.Close()
	})
	defer stop()
	var ways sync.WaitGroup // each ends when one of the connections does
	ways.Go(func() { copyHalf(back, front) })
	copyHalf(front, back)
	ways.Wait()
}

// dial connects to the first backend that answers; nil if none does.
func (f *Forwarder) dial(ctx context.Context) net.Conn {
	d := net.Dialer{Timeout: dialWithin}
	for _, addr := range f.order() {
		if conn, err := d.DialContext(ctx, "tcp", addr); err == nil {
			return conn
		}
	}
	return nil
}

// copyHalf moves bytes one way until their end, and passes the end on: HTTP may close one way before the other.
func copyHalf(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if tcp, ok := to.(*net.TCPConn); ok && err == nil {
		_ = tcp.CloseWrite()
		return
	}
	_ = to.Close()
	_ = from.Close()
}
