package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// Forget removes a finished task with its log. Its events are its client's, and stay.
func (s *Store) Forget(ctx context.Context, id string) error {
	return s.write(ctx, "forget", func(ctx context.Context, c *pgx.Conn, _ time.Time) error {
		key, ok := column.ParseID(id)
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
		if st, err := column.Statuses.At(int(status)); err != nil || !st.Done() {
			return errors.Join(err, lastcall.Errorf(lastcall.CodeNotFinished, "the task has not reached its end; cancel it first"))
		}
		_, err = c.Exec(ctx, s.sql["tasks_forget"], idArray([]taskID{key}))
		return err
	})
}

// sweepOld does the part of a sweep that forgets, and adds up what queues have moved. Each kind has a transaction of its
// own, so that none holds the locks of two, and none waits for the luck of another. While the clock is doubtful nothing goes
// for its age; what has moved is added up, and days have their tables, all the same.
func (s *Store) sweepOld(ctx context.Context, sw *lastcall.Sweep, did *lastcall.Swept) error {
	portions := []func(context.Context, *lastcall.Sweep) (int, bool, error){s.forgetTasks, s.forgetEvents, s.tidy}
	if s.clock.Doubtful(time.Now()) {
		portions = portions[2:]
	}
	var err error
	for _, portion := range portions {
		if isAway(err) {
			return err
		}
		n, more, failed := portion(ctx, sw)
		if failed == nil {
			did.Forgotten += n
			did.More = did.More || more
		}
		err = errors.Join(err, failed)
	}
	s.tendPartitions(ctx)
	return err
}
