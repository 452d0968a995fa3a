package hub

import (
	"sync"

	"github.com/lastcall-dev/lastcall"
)

// maxStates bounds the tasks whose states wait for one subscriber. Past it the oldest goes: the task's next word, or
// its end, will tell more.
const maxStates = 64

// pending is a state that waits for its subscriber.
type pending struct {
	lastcall.State
	fresh bool // it came after the last read of events began
}

// conflate puts st in the place of what is known of its task, unless that is newer, or behind all others.
func conflate(waiting []pending, st *lastcall.State) []pending {
	for i := range waiting {
		p := &waiting[i]
		if p.Task != st.Task {
			continue
		}
		if p.Run <= st.Run {
			*p = pending{State: *st, fresh: true}
		}
		return waiting
	}
	if len(waiting) >= maxStates {
		waiting = append(waiting[:0], waiting[1:]...)
	}
	return append(waiting, pending{State: *st, fresh: true})
}

// ending is the end of a run, as an event told it.
type ending struct {
	run      int64
	terminal bool
}

// stale reports whether a state says nothing any more once its task's ending has been told. A task is queued after the
// run whose number it bears; every other state is of that run itself.
func stale(st *lastcall.State, e ending) bool {
	switch {
	case e.terminal:
		return true
	case st.Type == lastcall.TaskQueued:
		return st.Run < e.run
	}
	return st.Run <= e.run
}

// endings remembers for a while how runs ended that some subscriber has read of, because a hint may be slower than the
// event: a state that was true when it was sent out must not arrive after its end. Two generations, so that forgetting
// is cheap; what is remembered is remembered for one Poll at least.
type endings struct {
	mu       sync.Mutex
	now, old map[string]ending
}

// put notes the endings of a page.
func (e *endings) put(page []lastcall.Event) {
	if len(page) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.now == nil {
		e.now = make(map[string]ending, len(page))
	}
	for i := range page {
		ev := &page[i]
		e.now[ev.Task] = ending{ev.Run, ev.Type.Terminal()}
	}
}

// outdated reports whether the state is of a run whose ending was noted.
func (e *endings) outdated(st *lastcall.State) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range []map[string]ending{e.now, e.old} {
		if end, ok := m[st.Task]; ok && stale(st, end) {
			return true
		}
	}
	return false
}

// age forgets what was noted before the last call.
func (e *endings) age() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.now, e.old = nil, e.now
}
