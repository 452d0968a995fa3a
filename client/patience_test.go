package client

import (
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

func TestWhatIsRepeated(t *testing.T) {
	broken := errors.New("connection reset")
	problem := func(c lastcall.Code) error { return lastcall.Errorf(c, "") }
	for _, c := range []struct {
		name              string
		f                 failure
		harmless, doubles bool
	}{
		{"no connection came about", failure{err: broken, unsent: true}, true, true},
		{"the connection broke", failure{err: broken}, true, false},
		{"rate limited", failure{err: problem(lastcall.CodeRateLimited), status: 429}, true, true},
		{"draining: nothing was begun", failure{err: problem(lastcall.CodeDraining), status: 503}, true, true},
		{"the store is away: nobody knows", failure{err: problem(lastcall.CodeStoreUnavailable), status: 503}, true, false},
		{"a balancer lost the server", failure{err: problem(lastcall.CodeInternal), status: 502}, true, false},
		{"a balancer lost its patience", failure{err: problem(lastcall.CodeInternal), status: 504}, true, false},
		{"a defect", failure{err: problem(lastcall.CodeInternal), status: 500}, false, false},
		{"a mistake", failure{err: problem(lastcall.CodeInvalidRequest), status: 400}, false, false},
		{"not there", failure{err: problem(lastcall.CodeNotFound), status: 404}, false, false},
	} {
		if got := c.f.transient(harmless); got != c.harmless {
			t.Errorf("%s: a harmless request is repeated: %t", c.name, got)
		}
		if got := c.f.transient(doubles); got != c.doubles {
			t.Errorf("%s: one that must not be done twice is repeated: %t", c.name, got)
		}
	}
}

func TestOnlyADialIsKnownToHaveSentNothing(t *testing.T) {
	if !noConnection(&net.OpError{Op: "dial", Err: errors.New("refused")}) {
		t.Error("a dial that failed may have sent something")
	}
	if noConnection(&net.OpError{Op: "read", Err: errors.New("reset")}) {
		t.Error("a read that failed has sent nothing")
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		"-7":                            0,
		"soon":                          0,
		"99999999":                      time.Hour,
		"Fri, 02 Jan 2026 03:04:15 GMT": 10 * time.Second,
		"Fri, 02 Jan 2026 03:04:00 GMT": 0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("Retry-After: %s: %s, want %s", value, got, want)
		}
	}
	b := lastcall.Backoff{Base: time.Second, Max: time.Minute}
	if got := (&failure{after: 7 * time.Second}).wait(b, 1, 0.5); got != 7*time.Second {
		t.Errorf("the server asked for 7 s, and gets %s", got)
	}
	if got := (&failure{}).wait(b, 3, 0.5); got != 2*time.Second {
		t.Errorf("the third wait is %s", got)
	}
}
