package server

import (
	"errors"
	"sync"
)

// turns puts what the drain asks for in order. A turn that was stuck in the store until the drain went on without it must
// not, when it comes through at last, set the switches back.
type turns struct {
	mu   sync.Mutex
	last int
}

// errLate is what becomes of such a turn. Nobody hears it.
var errLate = errors.New("the drain has gone on")

// next begins a turn.
func (t *turns) next() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	return t.last
}

// take does what a turn is for, unless a later one has begun.
func (t *turns) take(turn int, do func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if turn != t.last {
		return false
	}
	do()
	return true
}
