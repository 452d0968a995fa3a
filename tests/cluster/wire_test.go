package cluster_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// wire is what lies between one node and the database, and can be cut in two ways.
type wire struct {
	t      *testing.T
	ln     net.Listener
	target string
	lines  sync.WaitGroup // goroutines; they end with their connections, which end with the test

	mu    sync.Mutex
	state wireState
	turn  *sync.Cond // the state has changed
	ends  map[net.Conn]bool
}

type wireState int

const (
	whole  wireState = iota
	silent           // nothing comes through, and nobody is told: a cable that was pulled
	reset            // connections are reset, and new ones too: a firewall that says no
	gone             // the test is over
)

// newWire lays a wire to the database of an address, and returns the address by way of it.
func newWire(t *testing.T, store string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, ln: ln, target: u.Host, ends: map[net.Conn]bool{}}
	w.turn = sync.NewCond(&w.mu)
	w.lines.Go(w.accept)
	t.Cleanup(func() {
		_ = ln.Close()
		w.become(gone)
		w.lines.Wait()
	})
	u.Host = ln.Addr().String()
	return w, u.String()
}

// become cuts or mends the wire.
func (w *wire) become(s wireState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = s
	w.turn.Broadcast()
	if s == reset || s == gone {
		for end := range w.ends {
			w.hangUp(end)
		}
	}
}

// hangUp resets a connection. The mutex is held.
func (w *wire) hangUp(end net.Conn) {
	if c, ok := end.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
	_ = end.Close()
	delete(w.ends, end)
}

func (w *wire) accept() {
	for {
		node, err := w.ln.Accept()
		if err != nil {
			return
		}
		w.lines.Go(func() { w.serve(node) })
	}
}

func (w *wire) serve(node net.Conn) {
	if !w.through(node) {
		return
	}
	server, err := net.Dial("tcp", w.target)
	if err != nil {
		server = node // the database is not there: the node's connection is reset
	}
	if err != nil || !w.through(server) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.hangUp(node)
		return
	}
	w.lines.Go(func() { w.copy(node, server) })
	w.copy(server, node)
}

// through waits until something may come through to an end, and is false if nothing ever will.
func (w *wire) through(end net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends[end] = true
	for w.state == silent {
		w.turn.Wait()
	}
	if w.state != whole {
		w.hangUp(end)
	}
	return w.ends[end]
}

// copy carries what one end says to the other, until one of them has ended.
func (w *wire) copy(to, from net.Conn) {
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, end := range []net.Conn{to, from} {
			_ = end.Close()
			delete(w.ends, end)
		}
	}()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && (!w.through(to) || writeAll(to, buf[:n]) != nil) {
			return
		}
		if err != nil {
			return
		}
	}
}

func writeAll(to io.Writer, b []byte) error {
	_, err := to.Write(b)
	return err
}
