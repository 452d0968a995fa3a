package postgres

import (
	"context"
	"slices"

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
	for found, n, err := s.takeDead(ctx, sw, ""); ; found, n, err = s.takeDead(ctx, sw, found) {
		if err != nil || found == "" {
			return err
		}
		did.Crashed += n
	}
}

// takeDead is the next of the dead after another, and how many runs were taken from it. It stays joined, for the next
// sweep, as long as somebody holds some of them.
func (s *Store) takeDead(ctx context.Context, sw *lastcall.Sweep, after string) (found string, n int, err error) {
	err = s.pass(ctx, func(tx *tx, b *pgx.Batch) {
		found, n = "", 0
		b.Queue(s.sql["node_dead"], sw.Incarnation, int64(sw.Steady), after).Query(func(rows pgx.Rows) error {
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
		var all bool
		n, all, err = tx.takeRuns(ctx, found, func(running []*lastcall.Task) []*lastcall.Event {
			return lastcall.Crashed(running, sw.MaxCrashes, tx.now)
		})
		if all {
			tx.endNode(found, nodeDead)
		}
		return err
	})
	return found, n, err
}

// takeRuns takes the running tasks from an incarnation whose row is locked, as fn says of all of them, counts them and
// reports whether these were all. They are as many as a node has slots, so that no limit is needed; what they carry is not
// needed to give them back.
//
// As long as somebody holds some, the suspects stay with them: for what comes later, too, they are those who are charged.
func (tx *tx) takeRuns(
	ctx context.Context, incarnation string, fn func([]*lastcall.Task) []*lastcall.Event,
) (n int, all bool, err error) {
	held, err := tx.lockRuns(ctx, incarnation)
	if err != nil {
		return 0, false, err
	}
	locked := tx.sorted()
	if len(locked) == 0 {
		return 0, len(held) == 0, nil
	}
	rows, err := tx.lockMail(ctx, locked)
	if err != nil {
		return 0, false, err
	}
	for _, r := range locked {
		if !slices.Contains(rows, r) {
			held = append(held, &r.Task)
		}
	}
	before, tasks := make([]row, len(rows)), make([]*lastcall.Task, len(rows))
	for i, r := range rows {
		before[i], tasks[i] = *r, &r.Task
	}
	for i, ev := range fn(slices.Concat(tasks, held))[:len(rows)] {
		if len(held) > 0 && before[i].Suspect() {
			continue
		}
		tx.touch(rows[i], &before[i])
		tx.changed(&before[i].Task, rows[i], ev)
		n++
	}
	return n, len(held) == 0, nil
}

// lockRuns locks an incarnation's runs, and returns those that somebody holds if the transaction passes over them.
func (tx *tx) lockRuns(ctx context.Context, incarnation string) (held []*lastcall.Task, err error) {
	if tx.passing {
		return tx.passRuns(ctx, incarnation)
	}
	b := &pgx.Batch{}
	b.Queue(tx.s.sql["runs_lock"], incarnation).Query(tx.keepRows)
	return nil, tx.conn.SendBatch(ctx, b).Close()
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
		_, _, err := tx.takeRuns(ctx, incarnation, func(running []*lastcall.Task) []*lastcall.Event {
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
