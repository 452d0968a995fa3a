package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

const (
	subprotocol = "lastcall.v1"
	// handshakeTime is how long a connection may take to stand, welcome included.
	handshakeTime = 15 * time.Second
	// writeTime is how long a frame of ours may take: they are small, and the server reads at once.
	writeTime = 5 * time.Second
	// leaveTime is what a server is given to answer a bye.
	leaveTime = time.Second
	// ahead is how many frames are read before they are asked for, so that pings are answered while a reader is busy.
	ahead = 256
	// maxFrame bounds a frame. An output is 1 MiB by default, and can be set higher.
	maxFrame = 64 << 20
)

// link is a connection that has been welcomed.
//
// Key invariants: listen is the only one to read from conn and the only sender on frames, which it closes last; err is
// written before that and read after it; quit is closed by leave, once.
type link struct {
	conn    *websocket.Conn
	welcome frame
	since   time.Time
	alive   *time.Timer // ends conn when nothing has been heard for too long
	silence time.Duration

	frames chan frame
	err    error // why frames was closed
	quit   chan struct{}
}

// connect opens a connection and says hello. Ctx bounds the handshake only.
func (c *Client) connect(ctx context.Context, h hello) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	l := &link{frames: make(chan frame, ahead), quit: make(chan struct{}), since: time.Now()}
	conn, resp, err := websocket.Dial(ctx, c.url("/v1/ws", nil), &websocket.DialOptions{
		HTTPClient: c.http, HTTPHeader: c.header.Clone(), Subprotocols: []string{subprotocol},
		OnPingReceived: func(context.Context, []byte) bool {
			l.heard()
			return true
		},
	})
	if err != nil {
		return nil, &handshakeError{handshakeFailure(resp, err)}
	}
	l.conn = conn
	conn.SetReadLimit(maxFrame)
	if err := l.greet(ctx, h); err != nil {
		_ = conn.CloseNow()
		return nil, err
	}
	go l.listen() //nolint:gosec // outlives the handshake, and so its context: ends with the connection; leave waits for it
	return l, nil
}

// handshakeFailure says what came of a handshake. The library has read the beginning of the answer already.
func handshakeFailure(resp *http.Response, err error) *failure {
	if resp == nil || resp.StatusCode < http.StatusMultipleChoices {
		return &failure{err: err, unsent: noConnection(err)}
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body) // what could be read of it
	return refused(resp, text)
}

// greet says hello and waits for the welcome. What else comes first is passed over: a server that was told to stop in
// between says so again later.
func (l *link) greet(ctx context.Context, h hello) error {
	if err := l.write(ctx, h); err != nil {
		return err
	}
	for l.welcome.T != "welcome" {
		var err error
		if l.welcome, err = l.read(ctx); err != nil {
			return err
		}
	}
	// Twice the server's own rhythm: one ping may be late, two are not.
	l.silence = 2*time.Duration(l.welcome.PingMS)*time.Millisecond + handshakeTime
	l.alive = time.AfterFunc(l.silence, func() { _ = l.conn.CloseNow() })
	return nil
}

// listen reads until the connection ends.
func (l *link) listen() {
	defer close(l.frames)
	defer l.alive.Stop()
	for {
		f, err := l.read(context.Background()) // alive ends it
		if err != nil {
			l.err = err
			_ = l.conn.CloseNow()
			return
		}
		if f.T == "ping" {
			_ = l.send(pong{T: "pong", N: f.N}) // if it fails the next read says why, with the server's close code
		}
		l.pass(f)
	}
}

// pass hands a frame on. While nobody takes it nothing is read, so silence then says nothing about the server.
func (l *link) pass(f frame) {
	l.alive.Stop()
	select {
	case l.frames <- f:
	case <-l.quit:
	}
	l.heard()
}

// heard notes a sign of life.
func (l *link) heard() {
	if l.alive != nil { // else the handshake has its own time
		l.alive.Reset(l.silence)
	}
}

func (l *link) read(ctx context.Context) (frame, error) {
	kind, text, err := l.conn.Read(ctx)
	if err != nil {
		return frame{}, err
	}
	if kind != websocket.MessageText {
		return frame{}, errors.New("read frame: the server sent binary")
	}
	return parseFrame(text)
}

// send writes a frame in a time of its own.
func (l *link) send(v any) error {
	ctx, cancel := context.WithTimeout(context.Background(), writeTime)
	defer cancel()
	return l.write(ctx, v)
}

func (l *link) write(ctx context.Context, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return l.conn.Write(ctx, websocket.MessageText, text)
}

// leave says goodbye, and returns when the connection is gone. Frames that nobody has taken are dropped: they have not
// been acknowledged.
func (l *link) leave() {
	close(l.quit)
	_ = l.send(bye{T: "bye"}) // it may be gone
	end := time.AfterFunc(leaveTime, func() { _ = l.conn.CloseNow() })
	defer end.Stop()
	for range l.frames {
		continue // until listen has ended
	}
}
