package hub

import (
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Told hears what clients were told by one transport, for whoever counts it. A field may be nil; none may block.
type Told struct {
	Notified   func(took time.Duration) // an event was written so long after its commit, to a client that was live
	Gap        func(why lastcall.GapReason)
	HandedOver func() // a connection was sent on to another node
}

// Batch notes that a batch was written.
func (t *Told) Batch(b *Batch) {
	if b.Gap != nil && t.Gap != nil {
		t.Gap(b.Gap.Why)
	}
	if !b.Fresh || t.Notified == nil || len(b.Events) == 0 {
		return
	}
	now := time.Now()
	for i := range b.Events {
		t.Notified(now.Sub(b.Events[i].At))
	}
}

// Moved notes that a connection was sent on.
func (t *Told) Moved() {
	if t.HandedOver != nil {
		t.HandedOver()
	}
}
