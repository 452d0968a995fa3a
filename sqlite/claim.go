package sqlite

import (
	"context"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/order"
)

// Claim starts runs of queued tasks. Finding nothing costs no commit: a transaction that wrote nothing has nothing to
// wait for.
func (s *Store) Claim(ctx context.Context, c lastcall.Claim) (out []lastcall.Task, err error) {
	err = s.write(ctx, "claim", c.Max*rowBytes, func(tx *tx) (err error) {
		out, err = tx.claim(&c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// claim starts the first of all that is wanted. It reads and starts in one transaction of the only writer, so that nobody
// can take a task that it has picked (G3).
func (tx *tx) claim(c *lastcall.Claim) ([]lastcall.Task, error) {
	if err := tx.checkJoined(c.Incarnation); err != nil {
		return nil, err
	}
	w := order.Wish{Want: c.Want, Max: c.Max, Suspects: c.Suspects}
	heads, err := tx.inOrder(&w)
	if err != nil {
		return nil, err
	}
	picked := w.Pick(heads)
	tasks := make([]lastcall.Task, 0, len(picked))
	for _, p := range picked {
		r, err := tx.startRun(p.ID, c.Incarnation, c.Node)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, r.Task)
	}
	return tasks, nil
}

// inOrder merges the heads of all lines that are wanted, in the order of service. The index alone is read for that; rows
// are read of those that are started.
func (tx *tx) inOrder(w *order.Wish) (heads []order.Head, err error) {
	for i := range w.Want {
		if heads, err = tx.heads(heads, w, i); err != nil {
			return nil, err
		}
	}
	order.Sort(heads)
	return heads, nil
}

// startRun starts a run of a task.
func (tx *tx) startRun(id taskID, owner, node string) (*row, error) {
	r, err := tx.getTask(id)
	if err != nil {
		return nil, err
	}
	was := *r
	r.Start(owner, node, tx.now)
	if err := tx.dropLog(r); err != nil {
		return nil, err
	}
	return r, tx.change(&was, r, nil)
}
