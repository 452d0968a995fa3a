package ws

import (
	"errors"
	"fmt"
	"io"

	"github.com/gorilla/websocket"
	"github.com/lastcall-dev/lastcall/hub"
)

// wait is the reader while there is nothing to read: a fresh goroutine on a small stack that hardly anything stands on.
// What reading and decoding need on top of it is given back each time with the goroutine, which halves what an idle
// connection costs.
func (c *conn) wait() {
	if c.raw != nil {
		_ = c.raw.Read(readable) // what went wrong the next read says
	}
	c.read()
}

// read takes what the peer says until there is no more, for the moment or for ever. Once a close frame of ours is decided
// on it goes on, for acknowledgements, until the peer answers or its time is up.
func (c *conn) read() {
	for {
		kind, r, err := c.ws.NextReader()
		if err == nil {
			err = c.frame(kind, r)
		}
		if bad, ok := errors.AsType[badFrameError](err); ok {
			c.close(CodeBadFrame, bad.Error())
		} else if err != nil {
			c.end(err)
			return
		}
		if c.raw != nil && c.in.Buffered() == 0 {
			go c.wait() // and ends where this one would have
			return
		}
	}
}

// frame takes one message. Its error is a badFrameError, or that of the connection: of one that has failed in the middle of
// a message nothing more may come, so that nobody must wait for the next.
func (c *conn) frame(kind int, r io.Reader) error {
	if kind != websocket.TextMessage {
		return badFrameError("binary frames are not spoken here")
	}
	p := c.srv.buffers.frame()
	defer c.srv.buffers.giveFrame(p)
	b, err := readUpTo((*p)[:0], r, c.srv.opts.MaxFrame)
	*p = b
	if err != nil {
		if errors.Is(err, errTooLong) {
			return badFrameError(fmt.Sprintf("the frame is longer than %d bytes", c.srv.opts.MaxFrame))
		}
		return err
	}
	f, err := decode(b)
	if err != nil {
		return err
	}
	return c.take(f)
}

// take acts on a frame.
func (c *conn) take(f any) error {
	c.mu.Lock()
	c.heard()
	closing := c.code != 0
	c.mu.Unlock()
	if ack, ok := f.(ackFrame); ok {
		c.takeAck(ack)
		return nil
	}
	if closing {
		return nil
	}
	switch f := f.(type) {
	case helloFrame:
		return c.takeHello(f)
	case watchFrame:
		return c.takeWatch(f)
	case byeFrame:
		c.close(CodeNormal, "")
	}
	return nil
}

func (c *conn) takeAck(f ackFrame) {
	c.mu.Lock()
	sub := c.sub
	c.receipt.ack(f.seq, c.srv.now())
	c.mu.Unlock()
	if sub != nil { // else nothing has been sent that could be acknowledged
		sub.Ack(f.seq)
	}
}

func (c *conn) takeHello(f helloFrame) error {
	c.mu.Lock()
	if c.hello {
		c.mu.Unlock()
		return badFrameError("hello was said before")
	}
	old := c.sub // if the hello is late: what is asked for from here on is not asked of this one
	c.sub = nil
	c.leaving.moves = f.handover
	c.begin(hub.Start{Resume: f.resume, Progress: f.progress}, true)
	c.mu.Unlock()
	if old != nil {
		old.Close()
	}
	return nil
}

// maxID bounds the id of a task in a watch frame.
const maxID = 64

func (c *conn) takeWatch(f watchFrame) error {
	if !c.service {
		c.close(CodeForbidden, "only a service may watch tasks of others")
		return nil
	}
	for _, id := range f.tasks {
		if id == "" || len(id) > maxID {
			return badFrameError(fmt.Sprintf("watch: an id has 1 to %d bytes", maxID))
		}
	}
	return c.watch(f.tasks)
}

var errTooLong = errors.New("too long")

// readUpTo appends what r has to b; it fails with errTooLong past most bytes.
func readUpTo(b []byte, r io.Reader, most int) ([]byte, error) {
	for {
		if len(b) > most {
			return b, errTooLong
		}
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case err == io.EOF && len(b) <= most:
			return b, nil
		case err != nil && err != io.EOF:
			return b, err
		}
	}
}
