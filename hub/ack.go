package hub

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"github.com/lastcall-dev/lastcall"
)

// ackWriters bounds how many acknowledgements are under way to the store at once, where they share its commits.
const ackWriters = 128

// acks are acknowledgements that have not been saved yet, the furthest of each mailbox.
type acks struct {
	mu    sync.Mutex
	dirty map[string]lastcall.Cursor // by client
	kick  chan struct{}              // capacity 1: save now
}

// add notes an acknowledgement unless a further one is there.
func (a *acks) add(client string, c lastcall.Cursor) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if old, ok := a.dirty[client]; !ok || old.Epoch != c.Epoch || old.Seq < c.Seq {
		a.dirty[client] = c
	}
}

// get returns what the client has acknowledged and is not saved yet.
func (a *acks) get(client string) (lastcall.Cursor, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c, ok := a.dirty[client]
	return c, ok
}

// saved forgets an acknowledgement, unless a further one has come meanwhile.
func (a *acks) saved(client string, c lastcall.Cursor) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.dirty[client] == c {
		delete(a.dirty, client)
	}
}

// all copies what is not saved.
func (a *acks) all() map[string]lastcall.Cursor {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.dirty)
}

// soon has the acknowledgements of a client saved without waiting for the next turn, if there are any.
func (a *acks) soon(client string) {
	if _, ok := a.get(client); !ok {
		return
	}
	select {
	case a.kick <- struct{}{}:
	default:
	}
}

// saveAcks writes what has been acknowledged. What cannot be written is kept for the next time.
func (h *Hub) saveAcks(ctx context.Context) error {
	ctx, cancel := h.call(ctx) // for all of them: a store that hangs is not asked a thousand times
	defer cancel()
	var (
		wg    sync.WaitGroup
		slots = make(chan struct{}, ackWriters)
		fail  = make(chan error, 1) // the first one tells enough
	)
	for client, c := range h.acks.all() {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := h.store.Ack(ctx, client, c); err != nil {
				select {
				case fail <- fmt.Errorf("ack: %w", err):
				default:
				}
				return
			}
			h.acks.saved(client, c)
		})
	}
	wg.Wait()
	select {
	case err := <-fail:
		return err
	default:
		return nil
	}
}
