package postgres

import (
	"context"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/watch"
)

// hints are what has moved: to those who watch on this node at once, to the other nodes by the notifier.
type hints struct {
	watch.Watchers
	out *outbox // to the other nodes (notify.go)
}

func newHints() *hints { return &hints{out: newOutbox()} }

// Watch calls fn with what has moved, from the goroutine that calls Watch. Hints are only put down for it.
func (s *Store) Watch(ctx context.Context, fn func([]lastcall.Hint)) error {
	return s.hints.Watch(ctx, fn)
}

// Publish tells everybody, here and on the other nodes, what a commit has moved. Whoever commits calls it in the order
// of the commits; the slice is not the caller's any more.
func (h *hints) Publish(moved []lastcall.Hint) {
	if len(moved) == 0 {
		return
	}
	h.tell(moved)
	h.out.put(moved)
}

// tell hands hints to those who watch here.
func (h *hints) tell(moved []lastcall.Hint) { h.Watchers.Publish(moved) }
