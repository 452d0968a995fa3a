package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

// sweepPatience is for how long a sweep waits for a lock, before it passes over what somebody holds.
const sweepPatience = 500 * time.Millisecond

// pass is change on behalf of a sweep. Somebody may hold a task or a mailbox for as long as he likes, a session that was
// forgotten in the middle of a transaction: the sweep waits for him for a moment, as most that is held is let go of at
// once, and then leaves to him what he holds and does the rest. What is left is there for the next sweep.
func (s *Store) pass(ctx context.Context, lock func(*tx, *pgx.Batch), apply func(context.Context, *tx) error) error {
	try := func(passing bool) error {
		return s.change(ctx, 1, func(tx *tx, b *pgx.Batch) {
			tx.passing = passing
			tx.queuePatience(b, sweepPatience)
			lock(tx, b)
		}, apply)
	}
	err := try(false)
	if isHeld(err) {
		err = try(true)
	}
	return err
}

// passMail is lockMail that passes over what somebody holds: it returns the rows whose mailboxes it has got, or are still
// to be made.
func (tx *tx) passMail(ctx context.Context, rows []*row, clients []string) ([]*row, error) {
	var there []string
	b := &pgx.Batch{}
	b.Queue(tx.s.sql["mailboxes_lock_free"], array[string](clients)).Query(tx.keepBoxes)
	b.Queue(tx.s.sql["mailboxes_there"], array[string](clients)).Query(func(found pgx.Rows) (err error) {
		there, err = pgx.CollectRows(found, pgx.RowTo[string])
		return err
	})
	tx.queueClock(b)
	if err := tx.conn.SendBatch(ctx, b).Close(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r *row) bool {
		return tx.boxes[r.Client] == nil && slices.Contains(there, r.Client)
	}), nil
}

// passRuns locks what it can of an incarnation's runs, and returns all the others as they are now.
func (tx *tx) passRuns(ctx context.Context, incarnation string) (held []*lastcall.Task, err error) {
	all, err := tx.runs(ctx, "runs_look", incarnation)
	if err != nil {
		return nil, err
	}
	free, err := tx.runs(ctx, "runs_lock_free", incarnation)
	if err != nil {
		return nil, err
	}
	ids := make([]taskID, len(free))
	for i, r := range free {
		ids[i] = r.id
	}
	b := &pgx.Batch{}
	tx.queueTasks(b, ids, false)
	if err := tx.conn.SendBatch(ctx, b).Close(); err != nil {
		return nil, err
	}
	for _, r := range all {
		if tx.rows[r.id] == nil {
			held = append(held, &r.Task)
		}
	}
	return held, nil
}

// runs lists the ids and the crashes of an incarnation's runs.
func (tx *tx) runs(ctx context.Context, query, incarnation string) ([]*row, error) {
	rows, err := tx.conn.Query(ctx, tx.s.sql[query], incarnation)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(c pgx.CollectableRow) (*row, error) {
		r := &row{}
		return r, c.Scan((*[16]byte)(&r.id), &r.Crashes)
	})
}
