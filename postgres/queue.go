package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

// oldestRows bounds how many rows Queues looks at for OldestQueued, over all lines. Lines are in the order of service:
// the longest waiting task is found for certain in a line of no more than its share, and in a longer one unless tasks
// of higher priority fill that share.
const oldestRows = 2000

// Queues counts what waits and runs, queue by queue.
func (s *Store) Queues(ctx context.Context) (out []lastcall.Queue, err error) {
	err = s.read(ctx, "queues", func(ctx context.Context, c *pgx.Conn) (err error) {
		out, err = s.queues(ctx, c, "")
		return err
	})
	return out, err
}

// queues are all queues, or the one of a name.
func (s *Store) queues(ctx context.Context, c *pgx.Conn, name string) (out []lastcall.Queue, err error) {
	oldest := map[string]time.Duration{}
	b := &pgx.Batch{}
	b.Queue(s.sql["queues"], name).Query(func(rows pgx.Rows) (err error) {
		out, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (q lastcall.Queue, err error) {
			err = row.Scan(&q.Name, &q.Paused, &q.Scheduled, &q.Queued, &q.Running)
			return q, err
		})
		return err
	})
	b.Queue(s.sql["queues_oldest"], oldestRows).Query(func(rows pgx.Rows) error {
		var queue string
		var micros int64
		_, err := pgx.ForEachRow(rows, []any{&queue, &micros}, func() error {
			oldest[queue] = max(time.Duration(micros)*time.Microsecond, 0)
			return nil
		})
		return err
	})
	if err := c.SendBatch(ctx, b).Close(); err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Queued > 0 { // by its count, which is the older of the two looks
			out[i].OldestQueued = oldest[out[i].Name]
		}
	}
	return out, nil
}

// PauseQueue keeps a queue's tasks from being claimed, or lets them be claimed again. A paused queue has a row, be it
// for the pause alone, and keeps it for as long as it is paused.
func (s *Store) PauseQueue(ctx context.Context, queue string, paused bool) (out lastcall.Queue, err error) {
	query := "queue_resume"
	if paused {
		query = "queue_pause"
	}
	err = s.write(ctx, "pause queue", func(ctx context.Context, c *pgx.Conn, now time.Time) error {
		if _, err := c.Exec(ctx, s.sql[query], queue, now); err != nil {
			return err
		}
		found, err := s.queues(ctx, c, queue)
		out = lastcall.Queue{Name: queue}
		if len(found) > 0 {
			out = found[0]
		}
		return err
	})
	if err != nil {
		return lastcall.Queue{}, err
	}
	if !paused {
		s.hints.Publish([]lastcall.Hint{{}}) // tasks of any type may have become free
	}
	return out, nil
}
