package sqlite

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/lastcall-dev/lastcall"
)

// call is what somebody wants to have written.
type call struct {
	fn    func(*tx) error
	size  int
	state atomic.Int32 // callWaits, then one of the others
	err   error        // the answer, before done
	done  chan struct{}
}

const (
	callWaits = iota
	callBegun // by the writer: it will be answered
	callGone  // its caller's context ended first
)

// do hands fn to the goroutine and waits for its answer. Ctx can end the wait for its turn only: a call that has begun
// is waited for, as it may already be on its way to the disk.
func (w *writer) do(ctx context.Context, size int, fn func(*tx) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	c := &call{fn: fn, size: size, done: make(chan struct{})}
	select {
	case w.queue <- c:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-w.closing:
		return errClosed()
	}
	select {
	case <-c.done:
		return c.err
	case <-w.stopped: // the call came while the goroutine was leaving
		return c.leftBehind()
	case <-ctx.Done():
	}
	if c.state.CompareAndSwap(callWaits, callGone) {
		return context.Cause(ctx)
	}
	select {
	case <-c.done:
		return c.err
	case <-w.stopped:
		return c.leftBehind()
	}
}

// leftBehind is the answer to a call after the goroutine has ended, which may have answered it as one of its last acts.
func (c *call) leftBehind() error {
	select {
	case <-c.done:
		return c.err
	default:
		return errClosed()
	}
}

func errClosed() error {
	return lastcall.Errorf(lastcall.CodeStoreUnavailable, "the store is closed")
}

// errUnknownFate is what callers are told whose commit failed or was never tried.
func errUnknownFate(err error) error {
	var known *lastcall.Error
	if err = unavailable(err); errors.As(err, &known) {
		return err
	}
	return &lastcall.Error{Code: lastcall.CodeStoreUnavailable, Detail: "the store could not be written", Err: err}
}
