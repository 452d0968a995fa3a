package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

// sweepDead takes from each of the dead what it was running, and marks it: one incarnation for each transaction, with
// all its runs, whose fates hang together (lastcall.Crashed). The row of the incarnation is locked before its runs are
// looked for, so that no claim slips in behind the look.
//
// That its lease has run out says that an incarnation did not beat, not why: when the database itself was away all have.
// The sweeper must have been there for the whole length of the lease, and so the database, in which those that live have
// beaten. A node that starts as an outage ends knows nothing of it, and takes nobody for dead (G4).
func (s *Store) sweepDead(ctx context.Context, sw *lastcall.Sweep, did *lastcall.Swept) error {
	for {
		found, n := "", 0
		err := s.change(ctx, 1, func(tx *tx, b *pgx.Batch) {
			found = ""
			b.Queue(s.sql["node_dead"], sw.Incarnation, int64(sw.Steady)).Query(func(rows pgx.Rows) error {
				for rows.Next() {
					if err := rows.Scan(&found); err != nil {
						return err
					}
				}
				return rows.Err()
			})
		}, func(ctx context.Context, tx *tx) (err error) {
			if found == "" {
				return nil
			}
			n, err = tx.takeRuns(ctx, found, func(running []*lastcall.Task) []*lastcall.Event {
				return lastcall.Crashed(running, sw.MaxCrashes, tx.now)
			})
			tx.endNode(found, nodeDead)
			return err
		})
		if err != nil || found == "" {
			return err
		}
		did.Crashed += n
	}
}

// takeRuns takes all running tasks from an incarnation whose row is locked, as fn says, and counts them. They are as
// many as a node has slots, so that no limit is needed; what they carry is not needed to give them back.
func (tx *tx) takeRuns(ctx context.Context, incarnation string, fn func([]*lastcall.Task) []*lastcall.Event) (int, error) {
	b := &pgx.Batch{}
	b.Queue(tx.s.sql["runs_lock"], incarnation).Query(tx.keepRows)
	if err := tx.conn.SendBatch(ctx, b).Close(); err != nil {
		return 0, err
	}
	rows := tx.sorted()
	if len(rows) == 0 {
		return 0, nil
	}
	if err := tx.lockMail(ctx, rows); err != nil {
		return 0, err
	}
	before, tasks := make([]row, len(rows)), make([]*lastcall.Task, len(rows))
	for i, r := range rows {
		before[i], tasks[i] = *r, &r.Task
	}
	for i, ev := range fn(tasks) {
		tx.touch(rows[i], &before[i])
		tx.changed(&before[i].Task, rows[i], ev)
	}
	return len(rows), nil
}

// endNode notes that an incarnation is not joined any more.
func (tx *tx) endNode(incarnation string, state int16) {
	tx.nodes = append(tx.nodes, endedNode{incarnation, state})
	tx.hint(lastcall.Hint{}) // to those who counted on it as a peer
}

// endedNode is an incarnation that ends with the transaction.
type endedNode struct {
	incarnation string
	state       int16
}

func (tx *tx) queueNodes(b *pgx.Batch) {
	for _, n := range tx.nodes {
		b.Queue(tx.s.sql["node_end"], n.incarnation, n.state)
	}
}

// Leave ends an incarnation, and gives back what it still runs.
func (s *Store) Leave(ctx context.Context, incarnation string) error {
	if err := context.Cause(ctx); err != nil {
		return wrap("leave", err)
	}
	joined := false
	err := s.change(ctx, 1, func(tx *tx, b *pgx.Batch) {
		joined = false
		b.Queue(s.sql["node_leave"], incarnation).Query(func(rows pgx.Rows) error {
			joined = rows.Next()
			rows.Close()
			return rows.Err()
		})
	}, func(ctx context.Context, tx *tx) error {
		if !joined {
			return nil
		}
		tx.endNode(incarnation, nodeLeft)
		_, err := tx.takeRuns(ctx, incarnation, func(running []*lastcall.Task) []*lastcall.Event {
			events := make([]*lastcall.Event, len(running))
			for i, t := range running {
				events[i] = t.Reclaim(lastcall.ReleaseDrain, tx.now)
			}
			return events
		})
		return err
	})
	return wrap("leave", err)
}
