package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

// Forget removes a finished task with its log. Its events are its client's, and stay.
func (s *Store) Forget(ctx context.Context, id string) error {
	return s.write(ctx, "forget", func(ctx context.Context, c *pgx.Conn, _ time.Time) error {
		key, ok := parseID(id)
		if !ok {
			return errNoTask()
		}
		var status int16
		err := c.QueryRow(ctx, s.sql["task_status_lock"], [16]byte(key)).Scan(&status)
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoTask()
		}
		if err != nil {
			return err
		}
		if st, err := named(statuses, status); err != nil || !st.Done() {
			return errors.Join(err, lastcall.Errorf(lastcall.CodeNotFinished, "the task has not reached its end; cancel it first"))
		}
		_, err = c.Exec(ctx, s.sql["tasks_forget"], idArray([]taskID{key}))
		return err
	})
}

// sweepOld does the part of a sweep that forgets, and adds up what queues have moved. Each kind has a transaction of its
// own, so that none holds the locks of two.
func (s *Store) sweepOld(ctx context.Context, sw *lastcall.Sweep, did *lastcall.Swept) error {
	for _, portion := range []func(context.Context, *lastcall.Sweep) (int, bool, error){
		s.tidy, s.forgetTasks, s.forgetEvents,
	} {
		n, more, err := portion(ctx, sw)
		if err != nil {
			return err
		}
		did.Forgotten += n
		did.More = did.More || more
	}
	s.tendPartitions(ctx)
	return nil
}

// foldMost is how many moves of queues a sweep adds up.
const foldMost = 10_000

// tidy adds up what queues have moved, and forgets keys, nodes and queues that nobody asks for any more.
func (s *Store) tidy(ctx context.Context, sw *lastcall.Sweep) (_ int, more bool, err error) {
	err = s.write(ctx, "tidy", func(ctx context.Context, c *pgx.Conn, now time.Time) error {
		changed, folded := int64(0), int64(0)
		count := func(tag interface{ RowsAffected() int64 }) { changed += tag.RowsAffected() }
		b := &pgx.Batch{}
		b.Queue(s.sql["nodes_forget"], now.Add(-nodeKept))
		b.Queue(s.sql["keys_forget"], now.Add(-lastcall.IdempotencyWindow), sw.Limit)
		b.Queue(s.sql["queues_forget"], now.Add(-queueKept), sw.Limit)
		b.Queue(s.sql["queues_fold"], foldMost, now)
		r := c.SendBatch(ctx, b)
		for range 3 {
			tag, err := r.Exec()
			if err != nil {
				return errors.Join(err, r.Close())
			}
			count(tag)
		}
		if err := errors.Join(r.QueryRow().Scan(&folded), r.Close()); err != nil {
			return err
		}
		more = folded >= foldMost
		if changed+folded == 0 {
			return errNothing
		}
		return nil
	})
	return 0, more, err
}
