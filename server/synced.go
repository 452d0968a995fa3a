package server

import (
	"context"
	"sync"
	"time"
)

// synced knows whether every mailbox that is read here was looked at after the last run ended. Hints may be lost or
// late; a drain that believed them alone could close on a client whose answer is in the store (G7).
type synced struct {
	mu       sync.Mutex
	underway bool
	known    bool
	ended    int // runs that had ended when the last look that succeeded began
}

// isSynced reports whether the mailboxes were looked at since so many runs had ended, and has it done if they were not.
// It does not wait: the drain is poked when it is done.
func (n *node) isSynced(ended int) bool {
	n.synced.mu.Lock()
	defer n.synced.mu.Unlock()
	if n.synced.known && n.synced.ended == ended {
		return true
	}
	if !n.synced.underway {
		n.synced.underway = true
		n.syncs.Go(func() { n.sync(ended) }) // bounded by syncTimeout; waited for by close
	}
	return false
}

// syncTimeout bounds one look at all mailboxes. It ends a drain's patience with a store that is away.
const syncTimeout = 5 * time.Second

func (n *node) sync(ended int) {
	ctx, cancel := context.WithTimeout(context.Background(), syncTimeout)
	defer cancel()
	err := n.hub.Sync(ctx)
	if err != nil {
		n.o.Logger.Warn("cannot look at the mailboxes before the end", "error", err)
	}
	n.synced.mu.Lock()
	n.synced.underway, n.synced.known, n.synced.ended = false, err == nil, ended
	n.synced.mu.Unlock()
	n.drainer.Poke()
}
