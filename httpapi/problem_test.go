package httpapi

import (
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// refusing is Sockets that refuse.
type refusing struct {
	drain Drain
	with  *lastcall.Error
}

func (s *refusing) Serve(w http.ResponseWriter, r *http.Request, _ Identity) {
	WriteProblem(w, r, s.drain, s.with)
}

// An error that is written for someone else must not be told from one that arose here.
func TestAHandshakeIsRefusedAsEverythingElseIs_G10(t *testing.T) {
	f := setUp(t)
	sockets := &refusing{drain: f.drain}
	f.Handler = New(Options{Store: f.store, Drain: f.drain, Waiter: f.waiter, Sockets: sockets, Types: table{}})
	handshake := func(e *lastcall.Error) *answer {
		sockets.with = e
		return f.ask("GET", "/v1/ws", "", "Connection: Upgrade", "Upgrade: websocket",
			"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
	}
	for _, drains := range []bool{false, true} {
		f.drain.told.Store(drains)
		want := f.ask("GET", "/nothing", "").wants(http.StatusNotFound)
		var p problem
		want.decode(&p)
		got := handshake(&lastcall.Error{Code: p.Code, Detail: p.Detail})
		if got.status != want.status || got.body != want.body || !reflect.DeepEqual(got.header, want.header) {
			t.Errorf("%d %v %s, elsewhere %d %v %s", got.status, got.header, got.body, want.status, want.header, want.body)
		}
	}
	for after, want := range map[time.Duration]string{0: "2", 1500 * time.Millisecond: "2", 7 * time.Second: "7"} {
		got := handshake(&lastcall.Error{Code: lastcall.CodeDraining, RetryAfter: after})
		if got.header.Get("Retry-After") != want {
			t.Errorf("after %s: %v", after, got.header)
		}
	}
}
