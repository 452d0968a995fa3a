package worker

import "time"

// What is due is so by the store's clock, and that of a node may say anything. Each sweep tells by how much they differ:
// else a node whose clock is ahead would sweep without a pause until the store's has come so far, and one whose clock is
// behind would come late.

// ahead is by how much the clock of this node is ahead of the store's, which said so between two times by the first. What
// the call itself may have taken is no difference.
func ahead(from, to, said time.Time) time.Duration {
	switch {
	case said.Before(from):
		return from.Sub(said)
	case said.After(to):
		return to.Sub(said)
	}
	return 0
}

// compareClocks takes note of what the store's clock said during a call that began at a time and has just ended.
func (w *Worker) compareClocks(from, said time.Time) {
	if said.IsZero() {
		return
	}
	w.mu.Lock()
	w.tempo.ahead = ahead(from, time.Now(), said)
	w.mu.Unlock()
}

// ours is a time of the store's by the clock of this node.
func (w *Worker) ours(t time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return t.Add(w.tempo.ahead)
}
