package client

import (
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// risk says what repeating a request can do that has perhaps been carried out already.
type risk int

const (
	harmless risk = iota // carried out twice is as good as once
	doubles              // it would be done again
)

// failure is a request that came to nothing.
type failure struct {
	err    error
	status int           // of the answer; 0: there was none
	after  time.Duration // the answer's Retry-After; 0: it had none
	unsent bool          // no connection came about: the server has not seen the request
}

// transient reports whether the same request may fare better in a moment, and can do no harm. What a 429 and a draining
// node refuse has not been begun; of every other failure on the way it is not known.
func (f *failure) transient(r risk) bool {
	switch {
	case f.unsent, f.status == http.StatusTooManyRequests, lastcall.CodeOf(f.err) == lastcall.CodeDraining:
		return true
	case f.status == 0, f.status == http.StatusServiceUnavailable,
		f.status == http.StatusBadGateway, f.status == http.StatusGatewayTimeout: // the latter two: a balancer's word
		return r == harmless
	}
	return false
}

// wait is how long to wait before the next try: what the server asked for, else a backoff. Try counts from 1.
func (f *failure) wait(b lastcall.Backoff, try int, jitter float64) time.Duration {
	if f.after > 0 {
		return f.after
	}
	return b.After(try, jitter)
}

// within is the wait as what is left of the caller's patience allows it, and false where there is to be no other try. Of
// what is left all is used: a wait that goes beyond it is cut short, for a last try, as who comes back after a restart may
// be there sooner than it was guessed. Only who has been told that they ask too much do not ask before they were told to.
func (f *failure) within(left, wait time.Duration) (time.Duration, bool) {
	if left <= 0 || wait > left && f.status == http.StatusTooManyRequests {
		return 0, false
	}
	return min(wait, left), true
}

// noConnection reports whether err says that none came about.
func noConnection(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// retryAfter reads a Retry-After, which is in seconds or a date (RFC 9110, 10.2.3); 0 for anything else.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil {
		return time.Duration(min(max(n, 0), maxRetryAfter)) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter*time.Second)
	}
	return 0
}

// maxRetryAfter bounds what a server may ask for, in seconds.
const maxRetryAfter = 3600
