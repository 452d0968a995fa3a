package hub

import (
	"sync"
	"time"
)

// cutWait is how long connections that were cut may take to notice.
const cutWait = 500 * time.Millisecond

// Await waits for connections that were told to end: until the deadline for them to do so by themselves, and, once cut has
// been called, a moment longer. A store that does not heed its context must not hold up the process (G8).
func Await(connections *sync.WaitGroup, deadline time.Time, cut func()) {
	gone := make(chan struct{})
	go func() { // ends with the last connection
		connections.Wait()
		close(gone)
	}()
	late := time.NewTimer(time.Until(deadline))
	defer late.Stop()
	select {
	case <-gone:
		return
	case <-late.C:
	}
	cut()
	late.Reset(cutWait)
	select {
	case <-gone:
	case <-late.C:
	}
}
