package lab

import (
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Inbox is all that a client hears on a socket, from when it was followed to the socket's end.
type Inbox struct {
	*Socket
	ended chan struct{} // closed when the socket has ended

	mu     sync.Mutex
	frames []Frame
	code   int           // of the close frame, -1 if there was none
	news   chan struct{} // closed and replaced at each frame
}

// Follow reads the socket to its end, and answers as a good client does: with a pong to each ping, and, if it is one
// that acknowledges, an ack to each event.
func (s *Socket) Follow(acks bool) *Inbox {
	in := &Inbox{Socket: s, ended: make(chan struct{}), news: make(chan struct{})}
	go in.read(acks) // ends with the socket
	return in
}

func (in *Inbox) read(acks bool) {
	defer close(in.ended)
	for {
		f, err := in.Next(2 * Patience)
		if err != nil {
			in.mu.Lock()
			in.code = int(websocket.CloseStatus(err))
			in.mu.Unlock()
			return
		}
		in.note(f)
		switch { // what cannot be said any more is found out by the next read
		case f.T == "ping":
			_ = in.try(map[string]any{"t": "pong", "n": f.N})
		case f.T == "event" && acks:
			_ = in.try(map[string]any{"t": "ack", "seq": f.Seq})
		}
	}
}

func (in *Inbox) note(f Frame) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.frames = append(in.frames, f)
	close(in.news)
	in.news = make(chan struct{})
}

// Frames are those that have come so far.
func (in *Inbox) Frames() []Frame {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.frames)
}

// Events are the durable events that have come so far, in the order in which they came.
func (in *Inbox) Events() []Frame {
	return slices.DeleteFunc(in.Frames(), func(f Frame) bool { return f.T != "event" })
}

// Await waits for a frame, among those that have come too.
func (in *Inbox) Await(what string, match func(Frame) bool) Frame {
	in.t.Helper()
	deadline := time.After(Patience)
	for {
		in.mu.Lock()
		frames, news := in.frames, in.news
		in.mu.Unlock()
		if i := slices.IndexFunc(frames, match); i >= 0 {
			return frames[i]
		}
		select {
		case <-news:
		case <-in.ended:
			in.t.Fatalf("waiting for %s: the socket ended with %d after %+v", what, in.code, in.Frames())
		case <-deadline:
			in.t.Fatalf("waiting for %s: it did not come; what came: %+v", what, in.Frames())
		}
	}
}

// CloseCode waits for the socket to end and returns the code it was closed with, -1 if it just ended.
func (in *Inbox) CloseCode() int {
	in.t.Helper()
	select {
	case <-in.ended:
	case <-time.After(Patience):
		in.t.Fatal("the socket did not end")
	}
	return in.code
}

// Resume connects the client of a socket that has ended anew, on this node, and goes on where that was.
func (n *Node) Resume(before *Inbox) *Inbox {
	n.t.Helper()
	before.CloseCode()
	s, _ := n.Connect(before.client, before.cursor)
	return s.Follow(true)
}

// InOrder fails the test unless the events are those from first on, each once, without a gap (G5).
func (in *Inbox) InOrder(first int64) {
	in.t.Helper()
	for i, f := range in.Events() {
		if want := first + int64(i); f.Seq != want {
			in.t.Errorf("event %d in the order of arrival has seq %d, want %d", i+1, f.Seq, want)
			return
		}
	}
}
