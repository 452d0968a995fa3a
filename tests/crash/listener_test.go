package crash_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/coder/websocket"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// listener is a client on a WebSocket. After each death it comes back with its cursor, or, now and then, without one: then
// it is to go on behind what it has acknowledged.
type listener struct {
	client string
	site   *site
	log    *checker.Log
	chance *rand.Rand

	conns int
	at    lastcall.Cursor // of the last event that it has seen
	acked int64           // the last that it has acknowledged
}

// listen listens to one node after the other until none follows.
func (l *listener) listen(stop <-chan struct{}) {
	for n := l.site.next(nil, stop); n != nil; {
		err := l.connection(n)
		if err == nil {
			continue // it has hung up by itself
		}
		if !l.site.gone(n, l.client+": socket", err) {
			return
		}
		n = l.site.next(n, stop)
	}
}

// connection is one connection, to its end; nil when it was ended by the listener.
func (l *listener) connection(n *lab.Node) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*lab.Patience)
	defer cancel()
	s, status, err := n.Dial(ctx, l.client)
	if err != nil {
		return fmt.Errorf("dial: %d %w", status, err)
	}
	defer func() { _ = s.Conn.CloseNow() }()
	conn, err := l.hello(ctx, s)
	if err != nil {
		return err
	}
	for {
		f, err := s.Next(lab.Patience)
		if err != nil {
			return err
		}
		if err := l.hear(ctx, s, conn, f); err != nil {
			return err
		}
		if f.T == "event" && l.chance.IntN(200) == 0 {
			return nil
		}
	}
}

// hello says hello and hears the welcome. It returns a name for the connection.
func (l *listener) hello(ctx context.Context, s *lab.Socket) (conn string, err error) {
	hello := map[string]any{"t": "hello"}
	resumes := l.at.Epoch != "" && l.chance.IntN(5) > 0
	if resumes {
		hello["resume"] = l.at.String()
	}
	if err := send(ctx, s, hello); err != nil {
		return "", err
	}
	f, err := s.Next(lab.Patience)
	if err != nil {
		return "", err
	}
	if f.T != "welcome" {
		l.site.t.Errorf("%s: the first frame is %+v", l.client, f)
	}
	from := record.Cursor(f)
	if resumes {
		from = l.at
	} else if from.Seq > l.acked {
		l.site.t.Errorf("G5: %s had acknowledged %d and is to go on behind %d", l.client, l.acked, from.Seq)
	}
	l.conns++
	conn = fmt.Sprintf("%s, connection %d", l.client, l.conns)
	l.log.Connected(l.client, conn, from)
	return conn, nil
}

// hear takes note of a frame and acknowledges every third event or so.
func (l *listener) hear(ctx context.Context, s *lab.Socket, conn string, f lab.Frame) error {
	switch f.T {
	case "gap":
		l.at = record.Cursor(f)
		l.log.Gap(l.client, conn, lastcall.Gap{Why: lastcall.GapReason(f.Why), From: f.From, To: f.To, Cursor: l.at})
	case "event":
		l.at = record.Cursor(f)
		l.log.EventSeen(l.client, conn, l.at, record.Event(f))
		if l.chance.IntN(3) == 0 {
			l.acked = max(l.acked, f.Seq)
			return send(ctx, s, map[string]any{"t": "ack", "seq": f.Seq})
		}
	}
	return nil
}

func send(ctx context.Context, s *lab.Socket, frame any) error {
	b, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	return s.Conn.Write(ctx, websocket.MessageText, b)
}
