package drain

import (
	"context"
	"net"
	"net/http"
	"time"
)

// visit is one request from its arrival until nobody waits for it any more.
// Its fields below mu belong to the lock of its web.
type visit struct {
	web    *web
	name   string
	cancel context.CancelCauseFunc

	// guarded by web.mu
	late     bool     // let in after Finish began
	conn     net.Conn // once hijacked
	cutOff   bool     // closed by us
	onDrain  func(context.Context)
	farewell *time.Timer // calls onDrain; nil while not due
}

type visitKey struct{}

// newVisit makes a visit of a request, and the context of its handler.
func newVisit(s *web, r *http.Request) (*visit, context.Context) {
	ctx, cancel := context.WithCancelCause(r.Context())
	v := &visit{web: s, name: r.Method + " " + r.URL.Path, cancel: cancel}
	return v, context.WithValue(ctx, visitKey{}, v)
}

// OnDrain has f called when the client of a request should leave: for a
// WebSocket the moment to send its last message and a close frame with code
// 1012. ctx is the context of the request, or one derived from it. f has a
// goroutine of its own; its context ends with ErrDraining when the drain can
// wait no longer. A connection that was hijacked is closed a second after f has
// returned, if the handler has not closed it by then; without an OnDrain it is
// waited for until HandBack, as nobody but the handler knows how to end it.
//
// If the drain is that far already, f is called at once. A second OnDrain
// replaces the first. It reports whether anybody drains this request at all.
func OnDrain(ctx context.Context, f func(context.Context)) bool {
	v, ok := ctx.Value(visitKey{}).(*visit)
	if !ok {
		return false
	}
	v.web.mu.Lock()
	defer v.web.mu.Unlock()
	v.onDrain = f
	if v.web.finishing() {
		v.farewellIn(0)
	}
	return true
}

// farewellIn has the farewell said after a while, or sooner if that was planned
// already. web.mu is held.
func (v *visit) farewellIn(after time.Duration) {
	switch {
	case v.onDrain == nil:
	case v.farewell == nil:
		v.farewell = time.AfterFunc(after, v.sayFarewell)
	case after == 0 && v.farewell.Stop():
		v.farewell = time.AfterFunc(0, v.sayFarewell)
	}
}

// goodbye is how long a client has to answer a close frame.
const goodbye = time.Second

// sayFarewell calls OnDrain's function, on its own goroutine, and sees to it
// that the connection ends.
func (v *visit) sayFarewell() {
	v.web.mu.Lock()
	onDrain, here := v.onDrain, v.web.inside[v]
	v.web.mu.Unlock()
	if !here {
		return
	}
	onDrain(v.web.farewells)
	time.AfterFunc(goodbye, v.cut)
}

// returned is the end of a handler.
func (v *visit) returned() {
	v.cancel(nil)
	v.web.mu.Lock()
	work := &v.web.tally.Work
	switch {
	case v.conn != nil: // until the connection is closed
	case v.late:
		v.leave(&work.Finished, &work.Finished)
	default:
		v.leave(&work.Finished, &work.HandedBack)
	}
	v.web.mu.Unlock()
	v.web.drainer.Poke()
}

// hungUp is the end of a hijacked connection.
func (v *visit) hungUp() {
	v.web.mu.Lock()
	clients := &v.web.tally.Clients
	switch {
	case v.cutOff:
		v.leave(&clients.Closed, &clients.Closed)
	case v.web.orders.HandOverBy.IsZero():
		v.leave(&clients.Served, &clients.Served)
	default:
		v.leave(&clients.HandedOver, &clients.HandedOver)
	}
	v.web.mu.Unlock()
	v.web.drainer.Poke()
}

// leave ends the visit, once, and counts it if the drain has begun: under before
// if it ended before handlers were stopped, else under after. web.mu is held.
func (v *visit) leave(before, after *int) {
	if !v.web.inside[v] {
		return
	}
	delete(v.web.inside, v)
	switch {
	case !v.web.drainer.Told():
	case !v.web.stopped:
		*before++
	default:
		*after++
	}
}

// cut closes a hijacked connection, without waiting for anybody: under TLS the
// orderly close could wait 5 s for a peer that does not read.
func (v *visit) cut() {
	v.web.mu.Lock()
	conn := v.conn
	here := v.web.inside[v] && conn != nil
	v.cutOff = here
	v.web.mu.Unlock()
	if !here {
		return
	}
	if secured, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = secured.NetConn()
	}
	_ = conn.Close()
	v.hungUp()
}
