package hub

import (
	"context"
	"fmt"
	"sync"

	"github.com/lastcall-dev/lastcall"
)

// readers bounds how many mailboxes Sync looks at at a time.
const readers = 16

// poll goes on with the rotation: the next mailboxes are looked at, and as many watched tasks.
func (h *Hub) poll(ctx context.Context) error {
	h.nudge()
	for _, b := range h.turn() {
		if err := h.check(ctx, b); err != nil {
			return err // the next turn goes on behind it
		}
	}
	return nil
}

// Sync looks at every mailbox that is read here, and wakes those who are behind. Once it has returned nil, Behind can be
// believed without trusting a hint to have arrived: a drain asks before it takes its clients for served (G7).
func (h *Hub) Sync(ctx context.Context) error {
	h.mu.RLock()
	boxes := append([]*box(nil), h.order...)
	h.mu.RUnlock()
	var (
		wg   sync.WaitGroup
		work = make(chan *box)
		fail = make(chan error, 1)
	)
	for range min(readers, len(boxes)) {
		wg.Go(func() {
			for b := range work {
				if err := h.check(ctx, b); err != nil {
					select {
					case fail <- err:
					default:
					}
				}
			}
		})
	}
	for _, b := range boxes {
		work <- b
	}
	close(work)
	wg.Wait()
	select {
	case err := <-fail:
		return err
	default:
		return nil
	}
}

// turn takes the next mailboxes of the rotation.
func (h *Hub) turn() []*box {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := min(h.opts.PollMailboxes, len(h.order))
	boxes := make([]*box, 0, n)
	for range n {
		if h.next >= len(h.order) {
			h.next = 0
		}
		boxes = append(boxes, h.order[h.next])
		h.next++
	}
	return boxes
}

// check compares a mailbox with where its readers stand.
func (h *Hub) check(ctx context.Context, b *box) error {
	ctx, cancel := h.call(ctx)
	defer cancel()
	mb, _, err := h.store.Events(ctx, b.client, h.furthest(b), 1)
	gone := lastcall.CodeOf(err) == lastcall.CodeNotFound
	if err != nil && !gone {
		return fmt.Errorf("look at mailbox: %w", err)
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, s := range b.subs {
		s.compare(&mb, gone)
	}
	return nil
}

// furthest is the position of the reader who has read most: behind it there is seldom anything to load.
func (h *Hub) furthest(b *box) int64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var seq int64
	for _, s := range b.subs {
		at, _ := s.Place()
		seq = max(seq, at.Seq)
	}
	return seq
}

// nudge has watched tasks looked at again, some at a time; ranging over the map begins anywhere, so all have their turn.
func (h *Hub) nudge() {
	h.mu.RLock()
	defer h.mu.RUnlock()
	left := h.opts.PollMailboxes
	for id, watchers := range h.tasks {
		for _, w := range watchers {
			w.taskMoved(id)
		}
		if left--; left <= 0 {
			return
		}
	}
}
