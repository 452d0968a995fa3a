package worker

import (
	"maps"
	"slices"
)

// Look is what the worker has in hand.
type Look struct {
	Running  []string // ids of the tasks that run here, sorted
	Claiming bool     // a claim is under way: it may bring more
	// Dry means that no due task is known to wait for this node: since the last hint and the last poll every type that
	// it runs was asked for and gave fewer than there was room for. Where claims are stopped it stays as it was.
	Dry bool
}

// Idle reports whether nothing runs here or is about to.
func (l Look) Idle() bool { return len(l.Running) == 0 && !l.Claiming }

// Look tells how things stand. Options.Changed is called when they have changed.
func (w *Worker) Look() Look {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Look{Running: w.running(), Claiming: w.claiming, Dry: !w.claiming && w.slots.dry()}
}

// Running is the ids of the tasks that run here, sorted.
func (w *Worker) Running() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.running()
}

// running is Running. The mutex is held.
func (w *Worker) running() []string {
	ids := make([]string, 0, len(w.runs))
	for ref := range maps.Keys(w.runs) {
		ids = append(ids, ref.Task)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// inHand is how many runs go on here.
func (w *Worker) inHand() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.runs)
}

// Finished is how many tasks have reached their end here, since New.
func (w *Worker) Finished() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts.finished
}

// Incarnation is the name under which the store knows this node; "" while there is none.
func (w *Worker) Incarnation() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.incarnation
}

// RunningFor is the ids of the client's tasks that run here, sorted.
func (w *Worker) RunningFor(client string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := []string{}
	for _, r := range w.runs {
		if r.task.Client == client {
			ids = append(ids, r.task.ID)
		}
	}
	slices.Sort(ids)
	return ids
}
