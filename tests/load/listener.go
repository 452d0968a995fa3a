package load

import (
	"context"
	"fmt"
	"time"

	"github.com/coder/websocket"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// listener is a client on a WebSocket that comes back with its cursor when it is told to, at the moment that it is told.
type listener struct {
	client string
	conns  int
	at     lastcall.Cursor // of the last event that it has seen
}

// closeRestart is the close code of a service that restarts: come back.
const closeRestart = 1012

func (l *listener) live(c *Crowd, front *lab.Node) {
	for !c.over() {
		if !l.connection(c, front) {
			return
		}
	}
}

// connection is one connection, to its end; false when the listener has no reason to come back.
func (l *listener) connection(c *Crowd, front *lab.Node) bool {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // ends with the connection, or ends it
		select {
		case <-c.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	s, status, err := front.Dial(ctx, l.client)
	if err != nil {
		return c.lostf(l.client, "the handshake: %d %v", status, err)
	}
	c.count(&c.tally.streams)
	defer func() { _ = s.Conn.CloseNow() }()
	err = l.hear(ctx, c, s)
	switch code := websocket.CloseStatus(err); {
	case c.over():
		return false
	case code != closeRestart:
		return c.lostf(l.client, "the socket ended with %d: %v", code, err)
	}
	c.count(&c.tally.moved)
	return true
}

// hear says hello and takes down what comes, to the end of the socket.
func (l *listener) hear(ctx context.Context, c *Crowd, s *lab.Socket) error {
	hello := map[string]any{"t": "hello"}
	if l.at.Epoch != "" {
		hello["resume"] = l.at.String()
	}
	if err := s.Say(ctx, hello); err != nil {
		return err
	}
	l.conns++
	conn := fmt.Sprintf("%s, connection %d", l.client, l.conns)
	for {
		f, err := s.Listen(ctx)
		if err != nil {
			return err
		}
		switch f.T {
		case "welcome":
			if l.at.Epoch == "" {
				l.at = record.Cursor(f)
			}
			c.Log.Connected(l.client, conn, l.at)
		case "gap":
			l.at = record.Cursor(f)
			c.Log.Gap(l.client, conn, lastcall.Gap{Why: lastcall.GapReason(f.Why), From: f.From, To: f.To, Cursor: l.at})
		case "event":
			l.at = record.Cursor(f)
			c.Log.EventSeen(l.client, conn, l.at, record.Event(f))
			c.heard.to(l.client, f.Seq)
			err = s.Say(ctx, map[string]any{"t": "ack", "seq": f.Seq})
		case "ping":
			err = s.Say(ctx, map[string]any{"t": "pong", "n": f.N})
		}
		if err != nil && ctx.Err() != nil {
			return err // else the next read says how it ended
		}
	}
}

// within bounds a wait that a server asks for, as the test has an end.
func within(d time.Duration) time.Duration { return min(max(d, 0), 10*time.Second) }
