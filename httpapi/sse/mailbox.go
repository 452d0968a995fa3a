package sse

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/frame"
	"github.com/lastcall-dev/lastcall/hub"
)

// storeRetry is when a stream asks again that could not be served for want of the store.
const storeRetry = time.Second

// ServeEvents answers with the client's mailbox as an event stream, from behind the position on; nil is Mailbox.Start. It
// returns when the stream has ended. The caller has checked that the request may be let in.
func (s *Server) ServeEvents(w http.ResponseWriter, r *http.Request, client string, after *lastcall.Cursor) {
	ctx, cancel := s.life(r.Context())
	defer cancel()
	st := s.newStream(client)
	if r.Method == http.MethodHead {
		newWriter(w, r, st)
		return
	}
	sub, err := s.hub.Subscribe(ctx, client, hub.Start{Resume: after, Progress: true}, st)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	defer sub.Close()
	st.behind = sub.Behind
	if s.open(st) {
		defer s.leave(st)
	} // else it is told at once when to come back: an EventSource that is refused stays away for good
	m := &mailbox{stream: st, sub: sub, out: newWriter(w, r, st)}
	if err := m.run(ctx); err != nil {
		s.opts.Logger.Debug("stream ended", "client", client, "cause", err)
	}
}

// mailbox is a stream of a client's mailbox.
type mailbox struct {
	*stream
	sub *hub.Subscriber
	out *writer
	// sure: the mailbox is looked at once more, since no task of the client was seen to run here any more and its moment had
	// come. A run ends in the store first, and the hint to it may be slow, or lost (G7).
	sure bool
}

// run writes until the client is gone or the stream is over.
func (m *mailbox) run(ctx context.Context) error {
	if err := m.welcome(); err != nil {
		return err
	}
	for {
		o := m.orders()
		if o.closing {
			return m.farewell(m.out, &o, m.pending())
		}
		if err := m.tell(m.out, &o, m.pending); err != nil {
			return err
		}
		m.heed(&o)
		b, err := m.sub.Next(ctx)
		switch {
		case err != nil && !unavailable(err):
			return err
		case err != nil:
			m.sure = false
			if !m.wait(ctx, nil, time.Now().Add(storeRetry)) {
				return ctx.Err()
			}
		case !b.Empty():
			if err := m.batch(&b); err != nil {
				return err
			}
		case m.sure:
			return m.farewell(m.out, &o, nil)
		default:
			if err := m.idle(ctx, &o); err != nil {
				return err
			}
		}
	}
}

func (m *mailbox) pending() []string { return m.srv.opts.Pending(m.client) }

// heed has the mailbox looked at once more, when the client's moment has come and no task of its own runs here.
func (m *mailbox) heed(o *orders) {
	ready := o.due() && len(m.pending()) == 0
	if ready && !m.sure {
		m.sub.Recheck()
	}
	m.sure = ready
}

// idle waits, and says that the stream is there if it has been silent for long.
func (m *mailbox) idle(ctx context.Context, o *orders) error {
	beat := m.out.last.Add(m.srv.opts.Beat)
	if !m.wait(ctx, nil, o.next(beat)) {
		return ctx.Err()
	}
	if time.Now().Before(beat) {
		return nil
	}
	m.out.beat()
	return m.out.flush()
}

// welcome says where the delivery begins. Its id is that position, so that a client that loses the stream before the first
// event goes on there.
func (m *mailbox) welcome() error {
	from, head := m.sub.Place()
	m.out.retry(usualRetry())
	m.out.frame(from.String(), "welcome", frame.Welcome{
		T: "welcome", Conn: strconv.FormatUint(rand.Uint64(), 36), Node: m.srv.opts.Node, Client: m.client,
		Cursor: from.String(), Head: head, PingMS: m.srv.opts.Beat.Milliseconds(),
	})
	return m.out.flush()
}

// batch writes what the subscriber has, in its order.
func (m *mailbox) batch(b *hub.Batch) error {
	if g := b.Gap; g != nil {
		at := g.Cursor.String()
		m.out.frame(at, "gap", frame.Gap{T: "gap", Why: g.Why, From: g.From, To: g.To, Cursor: at})
	}
	result := false
	for i := range b.Events {
		m.out.durable(&b.Events[i], b.Epoch)
		result = result || b.Events[i].Type.Terminal()
	}
	if b.Live != nil {
		m.out.frame("", "live", frame.Live{T: "live", Cursor: b.Live.String()})
	}
	for i := range b.States {
		m.out.state(&b.States[i])
	}
	err := m.out.flush()
	if err != nil {
		return err
	}
	m.srv.opts.Told.Batch(b)
	if result {
		m.flushed()
	}
	return nil
}
