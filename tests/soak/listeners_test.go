package soak_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/load"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// The clients of whom no record knows: what they have is counted as it comes, so that they can stay for any time.
const (
	resident = "resident" // is there in every window
	guest    = "guest"    // is there in some, has its tasks forgotten, and finds that events have expired
)

// guests are those who come again.
type guests struct{ resident, seldom stayer }

// stayer is a client on a WebSocket who goes on in each window where it stood in the last (G5).
type stayer struct {
	name string
	at   lastcall.Cursor
	gaps int
	seen int
}

// listen comes back whenever its socket ends, until it is time to go home.
func (s *stayer) listen(t *testing.T) load.Guest {
	t.Helper()
	return func(front *lab.Node, home <-chan struct{}) {
		for again := true; again; {
			again = sitting(home, time.Hour, func(ctx context.Context) { s.sit(ctx, t, front) })
		}
	}
}

// sitting goes on until it ends by itself, it has gone on for so long, or it is time to go home; then it is false.
func sitting(home <-chan struct{}, most time.Duration, sit func(ctx context.Context)) bool {
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	go func() { // ends with the sitting, or ends it
		select {
		case <-home:
			cancel()
		case <-ctx.Done():
		}
	}()
	sit(ctx)
	select {
	case <-home:
		return false
	case <-time.After(50 * time.Millisecond): // a node that is gone may not be out of the balancer yet
		return true
	}
}

// sit is one connection. What it hears is the next event, or a gap that says what is missing.
func (s *stayer) sit(ctx context.Context, t *testing.T, front *lab.Node) {
	t.Helper()
	conn, status, err := front.Dial(ctx, s.name)
	if status >= 400 && status < 500 {
		t.Errorf("%s: %v", s.name, err)
	}
	if err != nil {
		return // what else that may mean, the crowd's own clients judge
	}
	defer func() { _ = conn.Conn.CloseNow() }()
	hello(ctx, conn, s.at)
	for {
		f, err := conn.Listen(ctx)
		if err != nil {
			return
		}
		at := record.Cursor(f)
		switch f.T {
		case "welcome":
			if s.at.Epoch == "" {
				s.at = at
			}
		case "gap":
			if f.Why != string(lastcall.GapExpired) || f.From != s.at.Seq+1 || f.To != at.Seq {
				t.Errorf("G5: %s: after %v a gap that says %+v", s.name, s.at, f)
			}
			s.at, s.gaps = at, s.gaps+1
		case "event":
			if at.Epoch != s.at.Epoch || at.Seq != s.at.Seq+1 {
				t.Errorf("G5: %s: after %v came %v", s.name, s.at, at)
			}
			s.at, s.seen = at, s.seen+1
		}
		answer(ctx, conn, f)
	}
}

// wander is a client that leaves in the middle, again and again, and goes on at the cursor that it has. All that it hears
// is on the record, beside what the crowd's own client of that name hears.
func (p *party) wander(front *lab.Node, home <-chan struct{}) {
	client, at, n := p.c.Clients[0], lastcall.Cursor{}, 0
	for again := true; again; n++ {
		again = sitting(home, 5*p.pace+time.Duration(rand.Int64N(int64(10*p.pace))), func(ctx context.Context) {
			conn, _, err := front.Dial(ctx, client)
			if err != nil {
				return
			}
			defer func() { _ = conn.Conn.CloseNow() }()
			hello(ctx, conn, at)
			name := fmt.Sprintf("%s, wandering %d", client, n)
			for {
				f, err := conn.Listen(ctx)
				if err != nil {
					return
				}
				switch f.T {
				case "welcome":
					if at.Epoch == "" {
						at = record.Cursor(f)
					}
					p.c.Log.Connected(client, name, at)
				case "event":
					at = record.Cursor(f)
					p.c.Log.EventSeen(client, name, at, record.Event(f))
				}
			}
		})
	}
}

// hello begins where a client stands. Whether it was heard, the next frame says.
func hello(ctx context.Context, s *lab.Socket, at lastcall.Cursor) {
	h := map[string]any{"t": "hello", "caps": []string{"progress"}}
	if at.Epoch != "" {
		h["resume"] = at.String()
	}
	_ = s.Say(ctx, h)
}

// answer is what a good client says to a frame.
func answer(ctx context.Context, s *lab.Socket, f lab.Frame) {
	switch f.T {
	case "event":
		_ = s.Say(ctx, map[string]any{"t": "ack", "seq": f.Seq})
	case "ping":
		_ = s.Say(ctx, map[string]any{"t": "pong", "n": f.N})
	}
}
