package sse

import (
	"context"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/hub"
)

// What one answer of a long-poll holds at most; the bytes are those before the last page.
const (
	pollEvents = 100
	pollBytes  = 256 << 10
)

// Poll returns the events behind a position, nil being Mailbox.Start, and the position behind the last of them: at once if
// there are any, or a gap, else when the first is there, wait is over or ctx has ended. The end of ctx is no error: there
// is nothing yet, and the position stays. When a drain sends clients on, or closes, it returns early with what there is,
// unless a task of the client runs here. A client that has no mailbox gets one.
func (s *Server) Poll(ctx context.Context, client string, after *lastcall.Cursor, wait time.Duration) (
	[]lastcall.Event, lastcall.Cursor, *lastcall.Gap, error,
) {
	ctx, cancel := s.life(ctx)
	defer cancel()
	st := s.newStream(client)
	// Not with ctx: who has ended its half of the connection behind the request is still to be told where it stands.
	sub, err := s.hub.Subscribe(s.ctx, client, hub.Start{Resume: after}, st)
	if err != nil {
		return nil, lastcall.Cursor{}, nil, err
	}
	defer sub.Close()
	st.behind = sub.Behind
	if s.open(st) {
		defer s.leave(st)
	} else {
		wait = 0
	}
	p := poll{stream: st, sub: sub, until: time.Now().Add(wait)}
	if err := p.run(ctx); err != nil {
		return nil, lastcall.Cursor{}, nil, err
	}
	at, _ := sub.Place()
	return p.events, at, p.gap, nil
}

// poll is one long-poll.
type poll struct {
	*stream
	sub    *hub.Subscriber
	until  time.Time
	sure   bool // as in mailbox
	events []lastcall.Event
	bytes  int
	gap    *lastcall.Gap
}

func (p *poll) run(ctx context.Context) error {
	for {
		o := p.orders()
		ready := o.due() && len(p.srv.opts.Pending(p.client)) == 0
		if ready && !p.sure {
			p.sub.Recheck()
		}
		p.sure = ready
		b, err := p.sub.Next(ctx)
		switch {
		case err != nil:
			if ctx.Err() != nil {
				err = nil // that it ends is none
			}
			return err
		case p.take(&b):
			return nil
		case !b.Empty():
			continue
		case o.closing, time.Now().After(p.until):
			return nil
		case p.sure:
			p.sent = true
			return nil
		}
		if !p.wait(ctx, nil, o.next(p.until)) {
			return nil
		}
	}
}

// take adds a batch to the answer, and reports whether that is complete.
func (p *poll) take(b *hub.Batch) bool {
	if b.Gap != nil {
		p.gap = b.Gap
	}
	for i := range b.Events {
		p.bytes += len(b.Events[i].Data)
	}
	p.events = append(p.events, b.Events...)
	atHead := b.Live != nil || b.Empty()
	if p.gap == nil && len(p.events) == 0 {
		return false
	}
	return atHead || len(p.events) >= pollEvents || p.bytes >= pollBytes
}
