package hub

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// readers bounds how many mailboxes Sync looks at side by side.
const readers = 16

// roundPause is the least time between two turns of a round that was asked for: a store that has one asked for every few
// milliseconds must not be kept busy by it.
const roundPause = 25 * time.Millisecond

// round is a time around all readers that does not keep to Poll.
type round struct {
	asked chan struct{} // capacity 1
	left  int           // mailboxes that it has yet to look at; Run's
}

func (r *round) ask() {
	select {
	case r.asked <- struct{}{}:
	default:
	}
}

// poll goes on with the rotation: the next mailboxes are looked at, and as many watched tasks. It returns the time to
// the next turn.
func (h *Hub) poll(ctx context.Context) time.Duration {
	h.nudge()
	boxes := h.turn()
	h.round.left = max(0, h.round.left-len(boxes))
	for _, b := range boxes {
		if err := h.check(ctx, b); err != nil {
			// A store in trouble is not asked faster, and the next turn goes on behind this one. Whoever reads from it
			// says so louder.
			h.opts.Logger.DebugContext(ctx, "hub: cannot poll mailboxes", "error", err)
			h.round.left = 0
			break
		}
	}
	if h.round.left > 0 {
		return roundPause
	}
	// Jittered, so that the nodes of a store do not all ask at once.
	return time.Duration(float64(h.opts.Poll) * (0.9 + 0.2*rand.Float64()))
}

// beginRound is the time until the turn with which a round begins that was asked for now.
func (h *Hub) beginRound(last time.Time) time.Duration {
	h.mu.RLock()
	defer h.mu.RUnlock()
	h.round.left = max(1, len(h.order))
	return max(0, roundPause-time.Since(last))
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
	if err != nil && lastcall.CodeOf(err) != lastcall.CodeNotFound {
		return fmt.Errorf("look at mailbox: %w", err)
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, s := range b.subs {
		s.compare(&mb)
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
