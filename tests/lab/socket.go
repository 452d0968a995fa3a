package lab

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/lastcall-dev/lastcall"
)

// Frame is any frame of the server's.
type Frame struct {
	T       string             `json:"t"`
	Seq     int64              `json:"seq"`
	ID      string             `json:"id"`
	Type    lastcall.EventType `json:"type"`
	Task    string             `json:"task"`
	Run     int64              `json:"run"`
	Attempt int                `json:"attempt"`
	At      time.Time          `json:"at"`
	Data    json.RawMessage    `json:"data"`
	Cursor  string             `json:"cursor"`
	Head    int64              `json:"head"`
	Why     string             `json:"why"`
	From    int64              `json:"from"`
	To      int64              `json:"to"`
	Mode    string             `json:"mode"`
	Pending []string           `json:"pending"`
	Code    string             `json:"code"`
	Message string             `json:"message"`
	N       int64              `json:"n"`

	Conn       string `json:"conn"`
	Node       string `json:"node"`
	Client     string `json:"client"`
	PingMS     int64  `json:"ping_ms"`
	AfterMS    int64  `json:"after_ms"`
	DeadlineMS int64  `json:"deadline_ms"`
}

// Socket is a client's WebSocket.
type Socket struct {
	t      testing.TB
	Conn   *websocket.Conn
	client string
	cursor string // of the last frame that had one
}

// Dial opens a client's socket; status is that of a refusal.
func (n *Node) Dial(ctx context.Context, client string) (s *Socket, status int, err error) {
	conn, resp, err := websocket.Dial(ctx, "ws://"+n.Addr+"/v1/ws?client="+client,
		&websocket.DialOptions{Subprotocols: []string{"lastcall.v1"}, HTTPClient: &http.Client{}})
	if resp != nil {
		status = resp.StatusCode
		if err != nil {
			_ = resp.Body.Close() // of the refusal: the library has read what it wants of it
		}
	}
	if err != nil {
		return nil, status, err
	}
	conn.SetReadLimit(8 << 20)
	return &Socket{t: n.t, Conn: conn, client: client}, status, nil
}

// Connect opens a socket, says hello, with the cursor unless it is empty and with what the client can do, and returns it
// with its welcome.
func (n *Node) Connect(client, cursor string, caps ...string) (*Socket, Frame) {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	s, status, err := n.Dial(ctx, client)
	if err != nil {
		n.t.Fatalf("connect %s: %d %v", client, status, err)
	}
	n.t.Cleanup(func() { _ = s.Conn.CloseNow() })
	hello := map[string]any{"t": "hello", "caps": caps}
	if cursor != "" {
		hello["resume"] = cursor
	}
	s.Send(hello)
	welcome := s.Await("welcome")
	return s, welcome
}

// Send sends a frame.
func (s *Socket) Send(frame any) {
	s.t.Helper()
	if err := s.try(frame); err != nil {
		s.t.Fatalf("send %v: %v", frame, err)
	}
}

func (s *Socket) try(frame any) error {
	b, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	return s.Conn.Write(ctx, websocket.MessageText, b)
}

// Next reads a frame; an error is the end of the socket.
func (s *Socket) Next(within time.Duration) (Frame, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	_, b, err := s.Conn.Read(ctx)
	if err != nil {
		return Frame{}, err
	}
	var f Frame
	err = json.Unmarshal(b, &f)
	if f.Cursor != "" {
		s.cursor = f.Cursor
	}
	return f, err
}

// Await reads frames until one of the kind comes.
func (s *Socket) Await(kind string) Frame {
	s.t.Helper()
	for {
		f, err := s.Next(Patience)
		if err != nil {
			s.t.Fatalf("waiting for a %s frame: %v", kind, err)
		}
		if f.T == kind {
			return f
		}
	}
}

// Ack acknowledges all up to seq.
func (s *Socket) Ack(seq int64) {
	s.t.Helper()
	s.Send(map[string]any{"t": "ack", "seq": seq})
}

// CloseCode reads the socket to its end and returns the code it was closed with, -1 if it just ended.
func (s *Socket) CloseCode() int {
	for {
		if _, err := s.Next(Patience); err != nil {
			return int(websocket.CloseStatus(err))
		}
	}
}

// Say sends a frame, from a goroutine that must not fail the test.
func (s *Socket) Say(ctx context.Context, frame any) error {
	b, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	return s.Conn.Write(ctx, websocket.MessageText, b)
}

// Listen reads a frame while ctx lives; an error is the end of the socket.
func (s *Socket) Listen(ctx context.Context) (Frame, error) {
	_, b, err := s.Conn.Read(ctx)
	if err != nil {
		return Frame{}, err
	}
	var f Frame
	err = json.Unmarshal(b, &f)
	return f, err
}
