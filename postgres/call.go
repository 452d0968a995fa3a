package postgres

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// call is what somebody wants to have written, with what must be locked or looked up for it.
type call struct {
	fn func(*tx) error // as of tx.apply

	task   taskID // to be locked, with its client's mailbox unless quiet; the zero id is none
	quiet  bool   // it tells the client nothing
	whole  bool   // the answer shows what is long
	client string // whose mailbox to lock beside it
	holder string // of a lease
	subs   []lastcall.Submission
	size   int // about how many bytes it writes, beside what every call does

	state atomic.Int32 // callWaits, then one of the others
	err   error        // the answer, before done
	done  chan struct{}
}

const (
	callWaits = iota
	callBegun // by its lane: it will be answered
	callGone  // its caller's context ended first
)

// do hands a call to the lane that it belongs to and waits for its answer. Fn may be run more than once, each time as if
// for the first: it must set what it returns through variables anew.
func (s *Store) do(ctx context.Context, verb string, c *call) error {
	c.done = make(chan struct{})
	if err := s.laneOf(c).do(ctx, c); err != nil {
		return wrap(verb, err)
	}
	return nil
}

// do waits for the answer. Ctx can end the wait for its turn only: a call that has begun is waited for, as it may
// already be on its way to the disk.
func (l *lane) do(ctx context.Context, c *call) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	select {
	case l.queue <- c:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-l.stopped:
		return errClosed()
	}
	select {
	case <-c.done:
		return c.err
	case <-l.stopped: // the call came while the goroutine was leaving
		return c.leftBehind()
	case <-ctx.Done():
	}
	if c.state.CompareAndSwap(callWaits, callGone) {
		return context.Cause(ctx)
	}
	select {
	case <-c.done:
		return c.err
	case <-l.stopped:
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

// onTask makes a call about a task out of its id as callers write it.
func onTask(id string, c *call) (*call, error) {
	key, ok := column.ParseID(id)
	if !ok {
		return nil, errNoTask()
	}
	c.task = key
	return c, nil
}

// doTask is do for a call about one task.
func (s *Store) doTask(ctx context.Context, verb, id string, c *call) error {
	c, err := onTask(id, c)
	if err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return s.do(ctx, verb, c)
}
