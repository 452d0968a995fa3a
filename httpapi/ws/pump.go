package ws

import (
	"errors"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/frame"
	"github.com/lastcall-dev/lastcall/hub"
)

// pump writes what there is to write and ends. It goes round once for each batch, so that what is more urgent gets in
// between.
func (c *conn) pump() {
	p := c.srv.buffers.frame()
	defer c.srv.buffers.giveFrame(p)
	for {
		w := c.due()
		if w == 0 {
			return
		}
		err := c.do(w, p)
		if c.wire.slow.Load() {
			c.close(CodeSlowConsumer, "")
		}
		if err != nil {
			c.fails(err)
			return // still counted as running: there will be no other
		}
	}
}

// due takes what there is to do; 0 if that is nothing, and then the pump counts as gone.
func (c *conn) due() work {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.work
	if c.code != 0 {
		w &= workClose | workPong // nothing else is of interest any more; a ping that came before has a right to its answer
	}
	if c.closed || c.ended {
		w = 0
	}
	c.work, c.pumping = 0, w != 0
	return w
}

// do does it, in the order of urgency. Its error is that of the connection.
func (c *conn) do(w work, p *[]byte) error {
	for _, step := range []struct {
		work work
		do   func(p *[]byte) error
	}{
		{workPong, c.sayPong}, // nothing may follow a close frame
		{workClose, c.sayClose},
		{workBegin, c.sayWelcome},
		{workDrain, c.sayDrain},
		{workPing, c.sayPing},
		{workNews, c.sayNews},
	} {
		if w&step.work == 0 {
			continue
		}
		if err := step.do(p); err != nil {
			return err
		}
	}
	return nil
}

// sayNews writes the subscriber's next batch, and goes round again unless it was empty.
func (c *conn) sayNews(p *[]byte) error {
	c.mu.Lock()
	sub := c.sub
	c.mu.Unlock()
	if sub == nil {
		return nil // it will be asked when it is there
	}
	b, err := sub.Next(c.srv.ctx)
	if err != nil {
		err = c.later(workNews, err)
	} else if !b.Empty() {
		c.unwant(&b)
		err = c.sayBatch(&b, p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !b.Empty() {
		c.work |= workNews
	}
	return err
}

// sayBatch writes a batch, in its order, and, where it has more than one frame, in as few writes as will do.
func (c *conn) sayBatch(b *hub.Batch, p *[]byte) error {
	out := writer{c: c, p: p}
	if len(b.Events)+len(b.States) > 1 {
		gathered := c.srv.buffers.cork()
		defer c.srv.buffers.giveCork(gathered)
		c.wire.cork((*gathered)[:0])
		out.frames(b)
		out.err = errors.Join(out.err, c.wire.uncork())
	} else {
		out.frames(b)
	}
	if out.err != nil {
		return out.err
	}
	c.srv.opts.Told.Batch(b)
	c.mu.Lock()
	c.receipt.wrote(c.srv.now())
	c.mu.Unlock()
	if c.srv.drain.Load() == nil {
		return nil
	}
	return c.askReceipt()
}

func (w *writer) frames(b *hub.Batch) {
	if g := b.Gap; g != nil {
		w.c.restart(g)
		w.json(frame.Gap{T: "gap", Why: g.Why, From: g.From, To: g.To, Cursor: g.Cursor.String()})
	}
	for i := range b.Events {
		w.event(&b.Events[i], b.Epoch)
	}
	if b.Live != nil {
		w.json(frame.Live{T: "live", Cursor: b.Live.String()})
	}
	for i := range b.States {
		w.put(frame.AppendState(w.buffer(), &b.States[i]))
	}
	for i := range b.Watched {
		w.json(frame.Watching(&b.Watched[i]))
	}
	for _, id := range b.Unknown {
		w.json(frame.Error{T: "error", Code: string(lastcall.CodeNotFound), Message: "watch: there is no task " + id})
	}
}

// restart forgets what has been confirmed when positions begin anew.
func (c *conn) restart(g *lastcall.Gap) {
	if g.Why == lastcall.GapExpired {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.receipt = receipt{acks: c.receipt.acks}
}

// writer writes frames until one fails, or the connection is to be closed.
type writer struct {
	c   *conn
	p   *[]byte
	err error
}

// buffer is empty, and the place to put a frame together.
func (w *writer) buffer() []byte { return (*w.p)[:0] }

func (w *writer) json(f any) { w.put(frame.Append(w.buffer(), f)) }

func (w *writer) put(b []byte) {
	*w.p = b
	if w.err == nil && !w.c.closing() && !w.c.wire.slow.Load() {
		w.err = w.c.text(b)
	}
}

func (w *writer) event(ev *lastcall.Event, epoch string) {
	w.c.mu.Lock()
	w.c.receipt.writes(ev.Seq, ev.Type.Terminal(), w.c.srv.now())
	w.c.mu.Unlock()
	w.put(frame.AppendEvent(w.buffer(), ev, epoch))
}
