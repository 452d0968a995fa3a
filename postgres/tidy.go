package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lastcall-dev/lastcall"
)

// foldMost is how many moves of queues a sweep adds up.
const foldMost = 10_000

// tidy adds up what queues have moved, and forgets keys, nodes and queues that nobody asks for any more, and what is past
// its retention of the events that fell into no day. None of it is what a sweep counts (0). More is true if a portion did
// not hold it all.
func (s *Store) tidy(ctx context.Context, sw *lastcall.Sweep) (_ int, more bool, err error) {
	err = s.write(ctx, "tidy", func(ctx context.Context, c *pgx.Conn, now time.Time) error {
		var changed, others, folded int64
		counted := func(n *int64) func(pgconn.CommandTag) error {
			return func(tag pgconn.CommandTag) error {
				*n += tag.RowsAffected()
				return nil
			}
		}
		b := &pgx.Batch{}
		if !s.clock.Doubtful(time.Now()) {
			b.Queue(s.sql["nodes_forget"], now.Add(-lastcall.NodeKept)).Exec(counted(&changed))
			b.Queue(s.sql["keys_forget"], now.Add(-lastcall.IdempotencyWindow), sw.Limit).Exec(counted(&changed))
			b.Queue(s.sql["queues_forget"], now.Add(-lastcall.QueueKept), sw.Limit).Exec(counted(&changed))
			b.Queue(s.sql["other_forget"], jobEvents, dropAfter.Microseconds(), walkRows).Exec(counted(&others))
		}
		b.Queue(s.sql["queues_fold"], foldMost, now).QueryRow(func(row pgx.Row) error { return row.Scan(&folded) })
		if err := c.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		more = folded >= foldMost || others >= walkRows
		if changed+others+folded == 0 {
			return errNothing
		}
		return nil
	})
	return 0, more, err
}
