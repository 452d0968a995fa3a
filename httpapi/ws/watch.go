package ws

import (
	"maps"
	"slices"

	"github.com/lastcall-dev/lastcall/hub"
)

// What is watched belongs to the connection: subscribers come and go with a late hello, and know only what they were
// handed.

const tooManyWatched = "watch: too many tasks are watched"

// watch notes the tasks for every subscriber to come, and passes them to the one that is there.
func (c *conn) watch(ids []string) error {
	sub, err := c.want(ids)
	if err != nil || sub == nil {
		return err
	}
	if err := sub.Watch(ids); err != nil {
		return badFrameError(tooManyWatched)
	}
	return nil
}

// want notes the tasks, and returns the subscriber of the moment: one that takes its place later is handed them all.
func (c *conn) want(ids []string) (*hub.Subscriber, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wanted == nil {
		c.wanted = make(map[string]struct{}, len(ids))
	}
	for _, id := range ids {
		c.wanted[id] = struct{}{}
	}
	if len(c.wanted) > hub.MaxWatched { // the connection ends: what is noted is of no use to anyone
		return nil, badFrameError(tooManyWatched)
	}
	return c.sub, nil
}

// unwant forgets the tasks that the subscriber has forgotten too: those that are done, and those that are not there. It
// comes before the batch is written, as the client may ask for more as soon as it is.
func (c *conn) unwant(b *hub.Batch) {
	if len(b.Watched)+len(b.Unknown) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range b.Watched {
		if b.Watched[i].Status.Done() {
			delete(c.wanted, b.Watched[i].ID)
		}
	}
	for _, id := range b.Unknown {
		delete(c.wanted, id)
	}
	if len(c.wanted) == 0 {
		c.wanted = nil // an idle connection holds nothing
	}
}

// handOn gives the subscriber that has just been taken into use what was asked for before. If it has been replaced by
// now, and closed, it takes nothing.
func (c *conn) handOn(sub *hub.Subscriber) {
	c.mu.Lock()
	ids := slices.Collect(maps.Keys(c.wanted))
	c.mu.Unlock()
	if len(ids) > 0 {
		_ = sub.Watch(ids) // as many as it takes: that was checked
	}
}
