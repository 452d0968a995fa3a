package lease

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

const (
	pollEvery = time.Second           // between looks that no hint asked for, within a quarter either way
	pace      = 50 * time.Millisecond // between two looks of one who waits
)

// line is those who wait for work, the longest waiting first. One task wakes one of them: a thousand workers that all ran
// to the store for it would keep it busy with answering that there is nothing.
type line struct {
	mu      sync.Mutex
	waiting []*waiter
}

// waiter is one of them. The line's mutex guards woken.
type waiter struct {
	want  []lastcall.LeaseType
	picky bool // wants some queues only, of which hints do not speak
	woken bool // it was, and has not looked since
	wake  chan struct{}
}

func (w *waiter) wants(typ string) bool {
	return slices.ContainsFunc(w.want, func(t lastcall.LeaseType) bool { return t.Type == typ })
}

func (q *line) join(want []lastcall.LeaseType, picky bool) *waiter {
	w := &waiter{want: want, picky: picky, wake: make(chan struct{}, 1)}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, w)
	return w
}

// leave takes w out. Was it woken and has not looked, somebody else must.
func (q *line) leave(w *waiter) {
	q.mu.Lock()
	q.waiting = slices.DeleteFunc(q.waiting, func(other *waiter) bool { return other == w })
	woken := w.woken
	q.mu.Unlock()
	if woken {
		q.wakeNext(w)
	}
}

// leads reports whether w is the one to look, now and then, for tasks of which no hint has told: the longest waiting for one
// of its types. Who wants some queues only sees to them alone. What the first one finds and leaves the next is woken for.
func (q *line) leads(w *waiter) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return w.picky || slices.ContainsFunc(w.want, func(t lastcall.LeaseType) bool {
		first := slices.IndexFunc(q.waiting, func(other *waiter) bool { return !other.picky && other.wants(t.Type) })
		return q.waiting[first] == w
	})
}

// looks notes that w looks for work now.
func (q *line) looks(w *waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	w.woken = false
	select {
	case <-w.wake:
	default:
	}
}

// wakeNext wakes one for each type that w wants: there may be more than w could take.
func (q *line) wakeNext(w *waiter) {
	for _, t := range w.want {
		q.wakeFor(t.Type)
	}
}

// wakeFor wakes the next one for a task of a type, and all that may have to leave it because of its queue.
func (q *line) wakeFor(typ string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, w := range q.waiting {
		if w.woken || !w.wants(typ) {
			continue
		}
		w.rouse()
		if !w.picky {
			return
		}
	}
}

// wakeSome wakes one for each type: anything may have moved. Where one is awake already it will do.
func (q *line) wakeSome() {
	q.mu.Lock()
	defer q.mu.Unlock()
	seen := map[string]bool{}
	for _, w := range q.waiting {
		fresh := false
		for _, t := range w.want {
			fresh = fresh || !seen[t.Type]
			seen[t.Type] = seen[t.Type] || !w.picky
		}
		if fresh && !w.woken {
			w.rouse()
		}
	}
}

// rouse wakes w. The line's mutex is held.
func (w *waiter) rouse() {
	w.woken = true
	w.wake <- struct{}{} // there is room: looks has emptied it
}

// Moved takes the store's hints. It never blocks and calls no store, as Store.Watch asks.
func (l *Lessor) Moved(hints []lastcall.Hint) {
	anything := false
	for i := range hints {
		h := &hints[i]
		switch {
		case h.Type != "":
			l.line.wakeFor(h.Type)
		case *h == (lastcall.Hint{}):
			anything = true
		}
	}
	if anything {
		l.line.wakeSome()
	}
}

// clock is the time of one who waits.
type clock struct {
	most   *time.Timer // nil: does not wait
	looked time.Time
}

func newClock(wait time.Duration) *clock {
	c := &clock{}
	if wait > 0 {
		c.most = time.NewTimer(wait)
	}
	return c
}

func (c *clock) stop() {
	if c.most != nil {
		c.most.Stop()
	}
}

// wait returns true when it is time for w, of that line, to look again, and false when there is nothing more to wait for.
func (c *clock) wait(ctx context.Context, q *line, w *waiter, ends <-chan struct{}) bool {
	if c.most == nil {
		return false
	}
	c.looked = time.Now()
	poll := time.NewTimer(pollEvery*3/4 + rand.N(pollEvery/2))
	defer poll.Stop()
	wake := w.wake
	for {
		select {
		case <-wake:
			wake = nil
			poll.Reset(max(time.Until(c.looked.Add(pace)), 0))
		case <-poll.C:
			if wake == nil || q.leads(w) {
				return true
			}
			poll.Reset(pollEvery)
		case <-ends:
			return false
		case <-c.most.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}
