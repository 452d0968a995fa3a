package server //nolint:testpackage // what it costs is nobody else's

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Who was heard is not on the list any more when it asks again: a request on a connection that lasts takes no lock.
func TestWhoWasHeardIsNotNotedAgain(t *testing.T) {
	var a arrivals
	conn := &net.TCPConn{}
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req = req.WithContext(a.note(req.Context(), conn))
	if len(a.open) != 1 {
		t.Fatalf("%d have come", len(a.open))
	}
	heard := a.hear(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if len(a.open) != 0 {
			t.Errorf("%d are unheard", len(a.open))
		}
	}))
	heard.ServeHTTP(httptest.NewRecorder(), req)
	a.mu.Lock() // whoever takes it from here on hangs
	defer a.mu.Unlock()
	a.state(conn, http.StateIdle)
	a.state(conn, http.StateActive)
	heard.ServeHTTP(httptest.NewRecorder(), req)
}
