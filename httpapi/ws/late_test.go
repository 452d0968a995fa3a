package ws

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/hub"
	"github.com/lastcall-dev/lastcall/hub/hubtest"
)

// slowStore opens mailboxes when it is let to.
type slowStore struct {
	*hubtest.Store
	asked, open chan struct{}
}

func (s *slowStore) OpenMailbox(ctx context.Context, client string) (lastcall.Mailbox, error) {
	s.asked <- struct{}{}
	select {
	case <-s.open:
		return s.Store.OpenMailbox(ctx, client)
	case <-ctx.Done():
		return lastcall.Mailbox{}, ctx.Err()
	}
}

// late is a connection whose subscription has begun for the lack of a hello, and waits for the store.
type late struct {
	t     *testing.T
	store *slowStore
	hub   *hub.Hub
	srv   *Server
	conn  *conn
	peer  *websocket.Conn
}

func beginLate(t *testing.T) *late {
	t.Helper()
	store := &slowStore{hubtest.New(), make(chan struct{}, 8), make(chan struct{}, 8)}
	quiet := slog.New(slog.DiscardHandler)
	h := hub.New(store, hub.Options{Logger: quiet})
	l := &late{t: t, store: store, hub: h, srv: New(h, Options{Logger: quiet, HelloWait: time.Nanosecond})}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.srv.Serve(w, r, Identity{Client: "alice", Service: true})
	}))
	t.Cleanup(func() {
		l.srv.CloseAll(CodeHardStop, time.Now().Add(time.Second))
		web.Close()
	})
	peer, _, err := websocket.Dial(t.Context(), web.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.CloseNow() })
	l.peer = peer
	l.until(func() bool { return l.srv.Connections() == 1 })
	l.srv.mu.Lock()
	l.conn = l.srv.conns[0]
	l.srv.mu.Unlock()
	l.srv.tick()
	<-store.asked
	return l
}

// until waits for what the reader or the pump of the connection brings about.
func (l *late) until(ok func() bool) {
	l.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			l.t.Fatal("not within 10 s")
		}
	}
}

// heard is until of the connection's own state.
func (l *late) heard(ok func() bool) {
	l.t.Helper()
	l.until(func() bool {
		l.conn.mu.Lock()
		defer l.conn.mu.Unlock()
		return ok()
	})
}

func (l *late) say(text string) {
	l.t.Helper()
	if err := l.peer.Write(l.t.Context(), websocket.MessageText, []byte(text)); err != nil {
		l.t.Fatal(err)
	}
}

// wants reads frames, which must be of these types.
func (l *late) wants(types ...string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 10*time.Second)
	defer cancel()
	for _, want := range types {
		_, b, err := l.peer.Read(ctx)
		var f struct{ T string }
		if err != nil || json.Unmarshal(b, &f) != nil || f.T != want {
			l.t.Fatalf("got %s (%v), want a %s", b, err, want)
		}
	}
}

// What is not wanted any more must not be taken into use either, least of all with what was asked of its successor.
func TestAHelloDuringTheStartThatItReplacesIsTheOnlyOneThatCounts_G11(t *testing.T) {
	l := beginLate(t)
	l.store.Put(lastcall.Task{ID: "x", Status: lastcall.Running})
	l.say(`{"t":"hello"}`)
	l.say(`{"t":"watch","tasks":["x"]}`)
	l.heard(func() bool { return l.conn.hello && len(l.conn.wanted) == 1 })
	l.store.open <- struct{}{}
	l.store.open <- struct{}{}
	l.wants("welcome", "live", "watched")
}

func TestAStartThatFailedIsNotTriedAgainOnceAnotherHasSucceeded(t *testing.T) {
	l := beginLate(t)
	l.store.Fail(lastcall.Errorf(lastcall.CodeStoreUnavailable, "gone"))
	l.store.open <- struct{}{}
	l.heard(func() bool { return l.conn.failed&workBegin != 0 })
	l.store.Fail(nil)
	l.store.open <- struct{}{}
	l.say(`{"t":"hello"}`)
	l.wants("welcome", "live")
	l.heard(func() bool { return !l.conn.pumping })
	l.store.open <- struct{}{} // for the try that must not be
	l.conn.mu.Lock()
	l.conn.retry = time.Nanosecond // long past
	l.conn.mu.Unlock()
	l.srv.tick()
	l.heard(func() bool { return !l.conn.pumping })
	l.store.Write("alice", lastcall.Event{Type: lastcall.TaskSucceeded, Task: "x", Run: 1})
	l.hub.Moved([]lastcall.Hint{{Client: "alice"}})
	l.wants("event")
}
