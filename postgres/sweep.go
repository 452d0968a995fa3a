package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

// sweepMost bounds a sweep whose caller does not.
const sweepMost = 1000

// Sweep does what time does, each kind in a transaction of its own, which locks what it moves and passes over what
// somebody else has locked: of sweeps at the same time each does what the others have left. The dead come first, so that
// what they ran is there for the rest. Expiry comes before what is due: what was to run too late ends without having
// been in the line for a moment. A step that fails keeps nobody from the next, unless the database is away; what the sweep
// did is told beside the error.
func (s *Store) Sweep(ctx context.Context, sw lastcall.Sweep) (did lastcall.Swept, err error) {
	if sw.Limit <= 0 {
		sw.Limit = sweepMost
	}
	for _, step := range []func(context.Context, *lastcall.Sweep, *lastcall.Swept) error{
		s.setClock, s.sweepDead, s.sweepUnheard, s.sweepLeases, s.sweepExpired, s.sweepDue, s.sweepOld,
	} {
		failed := step(ctx, &sw, &did)
		err = errors.Join(err, failed)
		if isDown(failed) && !isBusy(failed) {
			break
		}
	}
	return did, wrap("sweep", err)
}

func (s *Store) sweepLeases(ctx context.Context, sw *lastcall.Sweep, did *lastcall.Swept) (err error) {
	if did.Lapses, err = s.lapsed(ctx, sw); err != nil {
		return err
	}
	did.Lapsed = len(did.Lapses)
	did.More = did.More || did.Lapsed >= sw.Limit
	return s.withConn(ctx, writeTimeout, func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, s.sql["leases_stale"], sw.Limit)
		return err
	})
}

func (s *Store) sweepExpired(ctx context.Context, sw *lastcall.Sweep, did *lastcall.Swept) error {
	err := s.pass(ctx, func(tx *tx, b *pgx.Batch) {
		did.Expired = 0
		b.Queue(s.sql["expiring"], sw.Limit).Query(tx.keepRows)
	}, func(ctx context.Context, tx *tx) (err error) {
		rows := tx.sorted()
		if len(rows) == 0 {
			return nil
		}
		if rows, err = tx.lockMail(ctx, rows); err != nil {
			return err
		}
		did.Expired = len(rows)
		for _, r := range rows {
			tx.move(r, (*lastcall.Task).Expire)
		}
		return nil
	})
	if err != nil {
		did.Expired = 0
		return err
	}
	did.More = did.More || did.Expired >= sw.Limit
	return nil
}

func (s *Store) sweepDue(ctx context.Context, sw *lastcall.Sweep, did *lastcall.Swept) error {
	return s.withConn(ctx, writeTimeout, func(ctx context.Context, c *pgx.Conn) error {
		if err := s.queueDue(ctx, c, sw, did); err != nil {
			return err
		}
		did.More = did.More || did.Due >= sw.Limit
		var next *time.Time
		if err := c.QueryRow(ctx, s.sql["due_next"]).Scan(&did.Now, &next); err != nil {
			return err
		}
		if did.Now = did.Now.UTC(); next != nil {
			did.Next = next.UTC()
			did.More = did.More || !did.Next.After(did.Now)
		}
		return nil
	})
}

// queueDue moves what is due to the line. No client is told, so that it is a statement by itself.
func (s *Store) queueDue(ctx context.Context, c *pgx.Conn, sw *lastcall.Sweep, did *lastcall.Swept) error {
	began := time.Now()
	rows, err := c.Query(ctx, s.sql["due"], sw.Limit)
	if err != nil {
		return err
	}
	defer rows.Close()
	var moved []lastcall.Hint
	for rows.Next() {
		var id taskID
		t := lastcall.Task{Status: lastcall.Queued}
		if err := rows.Scan((*[16]byte)(&id), &t.Type, &t.Client, &t.Run); err != nil {
			return err
		}
		t.ID = id.String()
		moved = append(moved, t.HintWaiting())
	}
	if err := rows.Err(); err != nil || len(moved) == 0 {
		return err
	}
	did.Due = len(moved)
	s.committed(1, time.Since(began))
	s.hints.Publish(moved)
	return nil
}
