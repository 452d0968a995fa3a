package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// outage is the time in which whoever should answer does not: it begins with a try that fails, and ends with an answer.
// A wait for a task may see several, each of which is told and bounded by itself.
type outage struct {
	most time.Duration // before a wait is given up

	mu      sync.Mutex
	why     error                   // of the first try that failed; nil: there is no outage
	abandon context.CancelCauseFunc // of the wait that goes on; nil: calls are bounded by themselves
	alarm   *time.Timer             // calls abandon; nil unless there are both an outage and a wait
}

// unansweredError is why a wait was given up.
type unansweredError struct {
	most time.Duration
	why  error
}

func (e *unansweredError) Error() string {
	if e.most == 0 { // it was tried once
		return "now: " + cause(e.why).Error()
	}
	return fmt.Sprintf("for %s: %s", e.most, cause(e.why))
}

// bound is ctx for a wait, which ends when nothing was answered for too long. There is one wait at a time.
func (o *outage) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, abandon := context.WithCancelCause(ctx)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.abandon = abandon
	return ctx, func() {
		o.unbound()
		abandon(nil)
	}
}

// unbound ends what bound began: an alarm would be for nobody.
func (o *outage) unbound() {
	o.answered()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.abandon = nil
}

// waits reports whether somebody waits without a bound of their own.
func (o *outage) waits() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.abandon != nil
}

// failed notes a try that came to nothing, and reports whether an outage begins with it.
func (o *outage) failed(why error) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.why != nil {
		return false
	}
	o.why = why
	if abandon := o.abandon; abandon != nil {
		gone := &unansweredError{o.most, why}
		o.alarm = time.AfterFunc(o.most, func() { abandon(gone) })
	}
	return true
}

// answered notes that somebody is there.
func (o *outage) answered() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.why = nil
	if o.alarm != nil {
		o.alarm.Stop()
		o.alarm = nil
	}
}

// heard is an HTTP client whose answers end the outage. Its connections are its own, so that whoever closes it closes
// nobody else's.
func (o *outage) heard() *http.Client {
	return &http.Client{Transport: listener{http.DefaultTransport.(*http.Transport).Clone(), o}} //nolint:errcheck // it is one
}

// listener is a transport that tells an outage of every answer.
type listener struct {
	*http.Transport
	*outage
}

// RoundTrip sends a request. What says only that nobody can take it now is no answer: a balancer says so too, for all the
// time that no node is there.
func (l listener) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.Transport.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		l.answered()
	}
	return resp, nil
}
