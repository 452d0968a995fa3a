package httpapi

import (
	"context"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// pollEvery is how often a call that waits looks for itself: hints are a courtesy and may be lost.
const pollEvery = time.Second

// wait holds until the task is done, the time is up, the client is gone, or a drain wants the connection and the task
// runs elsewhere; t is then the task as last seen. A store that fails meanwhile ends nothing: what is known of the task
// stays true, and it may be back before the time is up.
func (a *api) wait(ctx context.Context, t *lastcall.Task, most time.Duration) {
	if most <= 0 || t.Status.Done() {
		return
	}
	changed, stop := a.Waiter.WatchTask(t.ID)
	defer stop()
	timeout := time.NewTimer(most)
	defer timeout.Stop()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	ends := a.Drain.WaitsEnd()
	for ended := false; ; {
		if fresh, err := a.Store.Task(ctx, t.ID); err == nil { // first after the watch began, so that no change is missed
			*t = fresh
		}
		if t.Status.Done() || (ended && !a.Here(t)) {
			return
		}
		select {
		case _, open := <-changed:
			if !open {
				changed = nil // the poll goes on
			}
		case <-poll.C:
		case <-ends:
			ended, ends = true, nil
		case <-timeout.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
