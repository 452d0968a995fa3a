package client

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// patience is how long a test waits for what must happen. Only a broken reader reaches it.
const patience = 20 * time.Second

// peer is a server's end of a connection.
type peer struct {
	t     *testing.T
	conn  *websocket.Conn
	hello map[string]any
	said  chan map[string]any // what the client says after its hello; closed with the connection
	left  chan struct{}       // ends the handler
}

// switchboard hands each connection that a reader opens to the test.
type switchboard struct {
	c     *Client
	peers chan *peer
	mu    sync.Mutex
	deny  []http.HandlerFunc // answer the next handshakes
}

func newSwitchboard(t *testing.T) *switchboard {
	t.Helper()
	b := &switchboard{peers: make(chan *peer, 16)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d := b.denial(); d != nil {
			d(w, r)
			return
		}
		b.serve(t, w, r)
	}))
	t.Cleanup(server.Close)
	b.c = quick(t, server.URL, WithName("alice"))
	return b
}

func (b *switchboard) denial() http.HandlerFunc {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.deny) == 0 {
		return nil
	}
	d := b.deny[0]
	b.deny = b.deny[1:]
	return d
}

func (b *switchboard) serve(t *testing.T, w http.ResponseWriter, r *http.Request) {
	t.Helper()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"lastcall.v1"}})
	if err != nil || r.URL.Path != "/v1/ws" || r.Header.Get("Lastcall-Client") != "alice" {
		t.Errorf("handshake %s as %q: %v", r.URL, r.Header.Get("Lastcall-Client"), err)
		return
	}
	defer conn.CloseNow()
	p := &peer{t: t, conn: conn, said: make(chan map[string]any, 64), left: make(chan struct{})}
	if err := wsjson.Read(r.Context(), conn, &p.hello); err != nil {
		return
	}
	go func() { // ends with the connection, which the handler closes
		defer close(p.said)
		for {
			var f map[string]any
			if wsjson.Read(r.Context(), conn, &f) != nil {
				return
			}
			p.said <- f
		}
	}()
	b.peers <- p
	<-p.left
}

// next is the next connection.
func (b *switchboard) next(t *testing.T) *peer {
	t.Helper()
	select {
	case p := <-b.peers:
		t.Cleanup(p.hangUp)
		return p
	case <-time.After(patience):
		t.Fatal("no connection came")
		return nil
	}
}

// say sends frames.
func (p *peer) say(frames ...string) {
	p.t.Helper()
	for _, f := range frames {
		if err := p.conn.Write(p.t.Context(), websocket.MessageText, []byte(f)); err != nil {
			p.t.Errorf("say %s: %v", f, err)
		}
	}
}

func (p *peer) welcome(cursor string) {
	p.t.Helper()
	p.say(fmt.Sprintf(`{"t":"welcome","conn":"c","node":"n","client":"alice","cursor":%q,"head":9,"ping_ms":25000}`, cursor))
}

func event(seq int) string {
	return fmt.Sprintf(`{"t":"event","seq":%d,"type":"task.succeeded","task":"7","run":1,"attempt":1,"at":"2026-01-02T03:04:05Z","data":{},`+
		`"cursor":"e:%d"}`, seq, seq)
}

// hears is the next frame of the client, as "t" and its number.
func (p *peer) hears(want string) {
	p.t.Helper()
	select {
	case f := <-p.said:
		got := strings.TrimSpace(fmt.Sprintln(f["t"], f["seq"], f["n"]))
		if got = strings.ReplaceAll(got, " <nil>", ""); got != want {
			p.t.Errorf("the client said %v, want %s", f, want)
		}
	case <-time.After(patience):
		p.t.Errorf("the client did not say %s", want)
	}
}

// close sends a close frame.
func (p *peer) close(code websocket.StatusCode) { _ = p.conn.Close(code, "why") }

// hangUp ends the connection without a word. It may be called twice.
func (p *peer) hangUp() {
	select {
	case <-p.left:
	default:
		close(p.left)
	}
}

// read reads a mailbox in the background. What it is told comes one by one: the reader waits until the test takes it.
func (b *switchboard) read(t *testing.T, o EventOptions) (told <-chan string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c := make(chan string)
	var last error
	go func() { // ends with ctx, which the cleanup ends
		defer close(c)
		for m, err := range b.c.Events(ctx, o) {
			if err != nil {
				last = err
				return
			}
			select {
			case c <- brief(m):
			case <-ctx.Done():
			}
		}
	}()
	stop = func() error {
		cancel()
		for range c {
			continue
		}
		return last
	}
	t.Cleanup(func() { _ = stop() })
	return c, stop
}

// brief is a message in a few words.
func brief(m Message) string {
	switch m := m.(type) {
	case Connected:
		return "connected"
	case Event:
		return m.Cursor.String()
	case Gap:
		return "gap " + string(m.Why) + " to " + m.Cursor.String()
	case State:
		return string(m.Type) + " " + string(m.Data)
	case Live:
		return "live"
	case Draining:
		return fmt.Sprintf("draining %t %s", m.Handover, m.After)
	case Lost:
		return "lost"
	}
	return ""
}

func expect(t *testing.T, told <-chan string, want ...string) {
	t.Helper()
	for _, w := range want {
		select {
		case got, open := <-told:
			if !open || got != w {
				t.Fatalf("told %q (%t), want %q", got, open, w)
			}
		case <-time.After(patience):
			t.Fatalf("was not told %q", w)
		}
	}
}
