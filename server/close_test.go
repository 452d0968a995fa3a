package server //nolint:testpackage // a moment of net/http's, made long

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// slow is a listener that has accepted a connection and not said so yet when it is closed.
type slow struct {
	net.Listener

	taken, closed chan struct{}
	once          sync.Once
}

func (s *slow) Accept() (net.Conn, error) {
	conn, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	close(s.taken)
	<-s.closed
	<-time.After(50 * time.Millisecond) // whoever closes has looked by now for those who are there
	return conn, nil
}

func (s *slow) Close() error {
	err := s.Listener.Close()
	s.once.Do(func() { close(s.closed) })
	return err
}

// G6: who is accepted in the moment in which the listener closes is answered, and who connects without a word keeps nobody.
func TestWhoComesAsTheListenerClosesIsAnswered(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	answered := false
	n := &node{Server: &Server{}, accepted: make(chan struct{})}
	at := &slow{Listener: ln, taken: make(chan struct{}), closed: make(chan struct{})}
	n.listener = at
	n.http = &http.Server{ConnContext: n.arrivals.note, ConnState: n.arrivals.state, Handler: n.arrivals.hear(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { answered = true }))}
	go func() { // ends with the listener, and is waited for by stopListening
		defer close(n.accepted)
		_ = n.http.Serve(at)
	}()
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-at.taken
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	n.stopListening()
	n.arrivals.note(ctx, &net.TCPConn{}) // it says nothing
	n.arrivals.settle(ctx)
	if err := n.http.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if !answered || ctx.Err() != nil { // and now the process would end
		t.Errorf("answered: %t, %v", answered, ctx.Err())
	}
}
