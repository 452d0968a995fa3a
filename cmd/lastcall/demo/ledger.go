package demo

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ledger keeps who waits for what.
type ledger struct {
	mu       sync.Mutex
	waiting  map[string]string // task id to client
	early    map[string]bool   // answers that came before their question was noted
	asks     int
	answers  int
	repeated int
	failed   int // tasks that did not succeed
}

func newLedger() *ledger {
	return &ledger{waiting: map[string]string{}, early: map[string]bool{}}
}

// asked notes a task that a client waits for.
func (l *ledger) asked(task, client string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asks++
	if l.early[task] {
		delete(l.early, task)
		return
	}
	l.waiting[task] = client
}

// answered notes an answer, and returns how many the client still waits for; false if it waits for none to that task.
func (l *ledger) answered(task, client string, well bool) (left int, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known = l.waiting[task]
	if !known && l.early[task] {
		l.repeated++
		return 0, false
	}
	if !known {
		l.early[task] = true
	}
	l.answers++
	if !well {
		l.failed++
	}
	delete(l.waiting, task)
	for _, other := range l.waiting {
		if other == client {
			left++
		}
	}
	return left, known
}

// settled waits until nobody waits any more.
func (l *ledger) settled(ctx context.Context) error {
	for {
		l.mu.Lock()
		left := len(l.waiting)
		l.mu.Unlock()
		if left == 0 {
			return nil
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return errors.New("not every answer arrived in time")
		}
	}
}
