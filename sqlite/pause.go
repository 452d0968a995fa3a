package sqlite

import (
	"context"

	"github.com/lastcall-dev/lastcall"
)

// PauseQueue keeps a queue's tasks from being claimed, or lets them be claimed again. A paused queue has a row, be it
// for the pause alone, and keeps it for as long as it is paused.
func (s *Store) PauseQueue(ctx context.Context, queue string, paused bool) (out lastcall.Queue, err error) {
	err = s.write(ctx, "pause queue", rowBytes, func(tx *tx) (err error) {
		query := "queue_resume"
		if paused {
			query = "queue_pause"
		} else {
			tx.hint(lastcall.Hint{}) // tasks of any type may have become free
		}
		if err := tx.stmt(query).Text(queue).Time(tx.now).Run(); err != nil {
			return err
		}
		tx.paused = nil // claims of the same batch look again
		out, err = tx.queue(queue)
		return err
	})
	if err != nil {
		return lastcall.Queue{}, err
	}
	return out, nil
}

// queue is a queue as it stands in this transaction, with what flush has still to write.
func (tx *tx) queue(name string) (lastcall.Queue, error) {
	q := lastcall.Queue{Name: name}
	st := tx.stmt("queue_get").Text(name)
	err := each(st, func() error {
		q = scanQueue(st)
		return nil
	})
	if err != nil {
		return q, err
	}
	if n := tx.counts[name]; n != nil {
		q.Scheduled, q.Queued, q.Running = q.Scheduled+n.scheduled, q.Queued+n.queued, q.Running+n.running
	}
	oldest, err := tx.oldestQueued()
	if at, ok := oldest[name]; ok {
		q.OldestQueued = max(tx.now.Sub(at), 0)
	}
	return q, err
}
