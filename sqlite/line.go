package sqlite

import (
	"github.com/lastcall-dev/lastcall/order"
)

// claimQueues is how many queues a claim looks into for a type. Where there are more, claims take turns around them;
// the order of service then holds among those that a claim has looked into.
const claimQueues = 250

// heads appends the first tasks of each line of a wanted type, going from queue to queue by a seek for each.
func (tx *tx) heads(to []order.Head, w *order.Wish, want int) ([]order.Head, error) {
	limit := w.Limit(want)
	if limit <= 0 {
		return to, nil
	}
	if len(w.Queues) > 0 {
		return tx.namedHeads(to, w, want, limit)
	}
	typ := w.Want[want].Type
	start := tx.turn[typ] // behind which the last claim stopped; "" is before all
	delete(tx.turn, typ)
	queue, around := start, start == ""
	for range claimQueues {
		next, ok, err := tx.readyQueue(typ, queue)
		switch {
		case err != nil:
			return to, err
		case !ok && !around:
			queue, around = "", true
			continue
		case !ok, around && start != "" && next > start:
			return to, nil
		}
		queue = next
		if to, err = tx.queueHeads(to, w, want, queue, limit); err != nil {
			return to, err
		}
	}
	tx.turn[typ] = queue
	return to, nil
}

// namedHeads is heads where the queues are named.
func (tx *tx) namedHeads(to []order.Head, w *order.Wish, want, limit int) (_ []order.Head, err error) {
	for _, queue := range w.Queues {
		if to, err = tx.queueHeads(to, w, want, queue, limit); err != nil {
			return to, err
		}
	}
	return to, nil
}

// readyQueue is the first queue behind a given one that has a task of the type ready.
func (tx *tx) readyQueue(typ, behind string) (queue string, ok bool, err error) {
	st := tx.stmt("ready_queue").Text(typ).Text(behind)
	defer st.Reset()
	if ok, err = st.Step(); ok {
		queue = st.ColText(0)
	}
	return queue, ok, err
}

// queueHeads appends the heads of a queue's two lines for a type: that of the suspects, as far as they are allowed, and
// that of all others.
func (tx *tx) queueHeads(to []order.Head, w *order.Wish, want int, queue string, limit int) ([]order.Head, error) {
	paused, err := tx.isPaused(queue)
	if paused || err != nil {
		return to, err
	}
	typ := w.Want[want].Type
	if to, err = tx.lineHead(to, order.Head{Want: want}, typ, queue, limit); err != nil {
		return to, err
	}
	return tx.lineHead(to, order.Head{Want: want, Suspect: true}, typ, queue, min(limit, w.Suspects))
}

// lineHead appends the first tasks of a line, as c with their id and key.
func (tx *tx) lineHead(to []order.Head, c order.Head, typ, queue string, limit int) ([]order.Head, error) {
	if limit <= 0 {
		return to, nil
	}
	st := tx.stmt("ready_tasks").Text(typ).Text(queue).Bool(c.Suspect).Time(tx.now).Int(int64(limit))
	err := each(st, func() error {
		st.ColCopy(0, c.ID[:])
		c.Key = st.ColInt(1)
		to = append(to, c)
		return nil
	})
	return to, err
}

// isPaused reports whether the queue's tasks are not to be claimed.
func (tx *tx) isPaused(queue string) (bool, error) {
	if tx.paused == nil {
		paused := map[string]bool{}
		st := tx.stmt("paused_queues")
		if err := each(st, func() error { paused[st.ColText(0)] = true; return nil }); err != nil {
			return false, err
		}
		tx.paused = paused
	}
	return tx.paused[queue], nil
}
