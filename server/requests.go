package server

import (
	"context"
	"sync"
)

// requests counts those that have arrived whole and have no answer yet. What a client has sent to its end may be on its
// way into the store: cutting the connection then would leave the client not knowing, so a node that closes waits for it
// (G6). One that is still being sent, and an answer that is not taken, are their client's affair. The zero value is ready
// to use.
type requests struct {
	mu   sync.Mutex
	term int           // 0 until the close
	open [2]int        // by term: those that came before the close, and those that came during it
	none chan struct{} // closed when none of the first is open; nil: nobody waits for that
}

// Arrived notes that a request is here as a whole.
func (q *requests) Arrived() (term int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open[q.term]++
	return q.term
}

// Answered notes that the answer to it is known.
func (q *requests) Answered(term int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open[term]--
	if q.none != nil && q.open[0] == 0 {
		close(q.none)
		q.none = nil
	}
}

// settle waits until what has arrived by now is answered, or ctx ends; it reports which. It is called once.
func (q *requests) settle(ctx context.Context) bool {
	q.mu.Lock()
	q.term = 1 // a client that asks without end holds up nothing
	if q.open[0] == 0 {
		q.mu.Unlock()
		return true
	}
	none := make(chan struct{})
	q.none = none
	q.mu.Unlock()
	select {
	case <-none:
		return true
	case <-ctx.Done():
		return false
	}
}
