package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"reflect"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// longPoll is how long one request of Wait is held: well under what proxies take for a dead connection.
const longPoll = 30 * time.Second

// shortestPoll is the least time between two looks of Follow: a server that does not hold its answers, as one that
// drains, is not asked more often.
const shortestPoll = 50 * time.Millisecond

// Wait returns the task when it is done, however long that takes and however many servers come and go meanwhile. It
// ends early with ctx, and with an error that time does not heal, such as CodeNotFound.
func (c *Client) Wait(ctx context.Context, id string) (lastcall.Task, error) {
	var last lastcall.Task
	for t, err := range c.Follow(ctx, id, longPoll) {
		if err != nil {
			return last, err
		}
		last = t
	}
	return last, nil
}

// Follow yields the task as it stands, then each time it is seen to have changed, and last when it is done, which is
// told at once; what happens in between is looked for as often as every says (50 ms at least). It outlives servers as
// Wait does. An error is the last thing that it yields.
func (c *Client) Follow(ctx context.Context, id string, every time.Duration) iter.Seq2[lastcall.Task, error] {
	every = max(every, shortestPoll)
	return func(yield func(lastcall.Task, error) bool) {
		var seen lastcall.Task
		hold := time.Duration(0) // the first look is answered at once
		for {
			began := time.Now()
			t, err := c.look(ctx, id, hold)
			if err != nil {
				yield(seen, err)
				return
			}
			if !reflect.DeepEqual(t, seen) {
				seen = t
				if !yield(t, nil) {
					return
				}
			}
			if t.Status.Done() {
				return
			}
			if hold > 0 {
				_ = sleep(ctx, shortestPoll-time.Since(began)) // an early end shows at the next look
			}
			hold = every
		}
	}
}

// look asks for a task, and for the answer to be held until it is done. What the caller sees of restarts is that it
// takes longer.
func (c *Client) look(ctx context.Context, id string, hold time.Duration) (lastcall.Task, error) {
	r := request{verb: "wait", method: http.MethodGet, path: taskPath(id, ""), endless: true}
	if hold > 0 {
		r.query = url.Values{"wait": {hold.String()}}
	}
	return c.task(ctx, &r)
}
