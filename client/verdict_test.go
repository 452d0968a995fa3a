package client

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/lastcall-dev/lastcall"
)

func closed(code websocket.StatusCode) error {
	return fmt.Errorf("read: %w", websocket.CloseError{Code: code})
}

func answered(status int, after time.Duration) error {
	return &handshakeError{&failure{err: errors.New("no"), status: status, after: after}}
}

// The table of asyncapi.yaml, and what stands around it.
func TestACloseCodeCarriesAVerdict(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want verdict
	}{
		{"service restart", closed(1012), afterRestart},
		{"hard stop", closed(1001), afterRestart},
		{"a normal end that nobody asked for", closed(1000), withBackoff},
		{"internal", closed(1011), withBackoff},
		{"bad frame", closed(4000), never},
		{"too many connections", closed(4007), never},
		{"the last of those that do not come back", closed(4099), never},
		{"slow consumer", closed(4100), withBackoff},
		{"no pong", closed(4102), withBackoff},
		{"token expired", closed(4200), atOnce},
		{"the last of those that come back at once", closed(4299), atOnce},
		{"a range that has no meaning yet", closed(4300), withBackoff},
		{"no word at all", io.ErrUnexpectedEOF, withBackoff},
		{"nobody there", answered(0, 0), withBackoff},
		{"unauthorized", answered(401, 0), never},
		{"forbidden", answered(403, 0), never},
		{"rate limited", answered(429, time.Second), withBackoff},
		{"draining", answered(503, time.Second), withBackoff},
		{"a balancer without a server", answered(502, 0), withBackoff},
	} {
		if got := judge(c.err); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestThePauseBeforeTheNextConnection(t *testing.T) {
	b := lastcall.Backoff{Base: time.Second, Max: 4 * time.Second}
	for _, c := range []struct {
		name     string
		err      error
		failures int
		jitter   float64
		want     time.Duration
	}{
		{"a restart spreads its clients over 1 to 10 s: first", closed(1012), 0, 0, time.Second},
		{"a restart spreads its clients over 1 to 10 s: middle", closed(1012), 7, 0.5, 5500 * time.Millisecond},
		{"an expired token comes back at once", closed(4200), 0, 0.5, 0},
		{"but not again and again", closed(4200), 1, 0.5, time.Second},
		{"a slow consumer backs off", closed(4100), 0, 0.5, 500 * time.Millisecond},
		{"further each time", closed(4100), 2, 0.5, 2 * time.Second},
		{"but not without end", closed(4100), 99, 0.5, 2 * time.Second},
		{"what the server asks for goes before", answered(503, 7*time.Second), 3, 0.5, 7 * time.Second},
	} {
		if got := pause(c.err, b, c.failures, c.jitter); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestTheEndSaysWhichCodeItWas(t *testing.T) {
	err := final(fmt.Errorf("read: %w", websocket.CloseError{Code: 4003, Reason: "forbidden"}))
	if c, ok := errors.AsType[*CloseError](err); !ok || c.Code != 4003 || c.Reason != "forbidden" {
		t.Errorf("final: %v", err)
	}
	refusal := &handshakeError{&failure{err: lastcall.Errorf(lastcall.CodeForbidden, "no"), status: 403}}
	if got := lastcall.CodeOf(final(refusal)); got != lastcall.CodeForbidden {
		t.Errorf("the code of a refused handshake: %s", got)
	}
}
