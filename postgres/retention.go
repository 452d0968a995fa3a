package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

const (
	// walkRows is how many rows a sweep looks at, of tasks and of mailboxes each, for some that are past their retention.
	walkRows = 1000
	// forgetMost is how many rows of a kind a sweep changes or deletes for it, whatever more it may: who wants one of them
	// waits for as long.
	forgetMost = 200
	// roundsMost is the longest time between two rounds, if there is so little to forget.
	roundsMost = time.Minute
)

// The jobs that go around everything in portions, one node at a time.
const (
	jobTasks  = "tasks"
	jobEvents = "events"
)

// round is how far such a job has come.
type round struct {
	job   string
	began time.Time
	until time.Time // what is older goes, until the round has come to its end: whoever goes on with it wants it so
	place int64     // of a round of mailboxes
	id    taskID    // of a round of tasks
	done  bool      // it has come to its end in this portion
}

// takeRound locks a job's round until the end of the transaction and begins a new one where the last has ended. It fails
// with errNothing if another node is at it, or if the last round began a moment ago, as seen from how long things are
// kept.
func (s *Store) takeRound(ctx context.Context, c *pgx.Conn, job string, now time.Time, keep time.Duration) (*round, error) {
	r := &round{job: job}
	var began, until *time.Time
	err := c.QueryRow(ctx, s.sql["round_take"], job).Scan(&began, &until, &r.place, (*[16]byte)(&r.id))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errNothing
	}
	if err != nil {
		return nil, err
	}
	if r.place != 0 || r.id != (taskID{}) {
		r.began, r.until = *began, *until
		return r, nil
	}
	if began != nil && now.Sub(*began) < min(keep/1000, roundsMost) {
		return nil, errNothing
	}
	r.began, r.until = now, now.Add(-keep)
	return r, nil
}

func (r *round) put(b *pgx.Batch, s *Store) {
	b.Queue(s.sql["round_put"], r.job, r.began, r.until, r.place, [16]byte(r.id), r.done)
}

// forgetTasks deletes finished tasks that are past their retention. There is no index by the time of the end, which every
// settle would have to pay for: the walk goes by id.
func (s *Store) forgetTasks(ctx context.Context, sw *lastcall.Sweep) (n int, more bool, err error) {
	limit := min(sw.Limit, forgetMost)
	err = s.write(ctx, "forget tasks", func(ctx context.Context, c *pgx.Conn, now time.Time) error {
		n, more = 0, false
		r, err := s.takeRound(ctx, c, jobTasks, now, sw.KeepTasks)
		if err != nil {
			return err
		}
		old, err := s.walkTasks(ctx, c, r, limit)
		if err != nil {
			return err
		}
		b := &pgx.Batch{}
		if len(old) > 0 {
			b.Queue(s.sql["tasks_forget"], idArray(old)).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
		}
		r.put(b, s)
		more = !r.done && len(old) > 0
		return c.SendBatch(ctx, b).Close()
	})
	return n, more, err
}

// walkTasks finds the next tasks that ended before the round's time. Who was submitted later cannot have ended earlier, so
// that the walk ends there.
func (s *Store) walkTasks(ctx context.Context, c *pgx.Conn, r *round, limit int) (old []taskID, err error) {
	end := firstID(r.until.Add(time.Millisecond))
	rows, err := c.Query(ctx, s.sql["tasks_walk"], [16]byte(r.id), [16]byte(end), r.until, walkRows)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var id [16]byte
	var ended bool
	seen := 0
	for len(old) < limit && rows.Next() {
		if err := rows.Scan(&id, &ended); err != nil {
			return nil, err
		}
		seen++
		if ended {
			old = append(old, id)
		}
	}
	rows.Close()
	if r.id = id; seen < walkRows && len(old) < limit {
		r.id, r.done = taskID{}, true
	}
	return old, rows.Err()
}

// firstID is the smallest id that a task of that time can have.
func firstID(t time.Time) (id taskID) {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(t.UnixMilli(), 0))<<16)
	copy(id[:], ms[:6])
	return id
}

// forgetEvents moves the beginning of mailboxes past the events that are past their retention, and deletes mailboxes that
// have long been empty. It counts the events, whose rows go with their day, once the round has come to its end
// (partition.go): what a mailbox says of its oldest event is true at any time (G5).
func (s *Store) forgetEvents(ctx context.Context, sw *lastcall.Sweep) (n int, more bool, err error) {
	limit := min(sw.Limit, forgetMost)
	err = s.write(ctx, "forget events", func(ctx context.Context, c *pgx.Conn, now time.Time) error {
		n, more = 0, false
		r, err := s.takeRound(ctx, c, jobEvents, now, sw.KeepEvents)
		if err != nil {
			return err
		}
		unused := now.Add(-lastcall.MailboxKept)
		old, empty, err := s.walkMailboxes(ctx, c, r, unused, limit)
		if err != nil {
			return err
		}
		b := &pgx.Batch{}
		if len(old)+len(empty) > 0 {
			b.Queue(s.sql["mailboxes_lock_ids"], slices.Concat(old, empty))
			b.Queue(s.sql["mailboxes_thin_out"], old, r.until).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
			b.Queue(s.sql["mailboxes_forget"], empty, unused)
		}
		r.put(b, s)
		more = !r.done && len(old)+len(empty) > 0
		return c.SendBatch(ctx, b).Close()
	})
	return n, more, err
}

// walkMailboxes finds the next mailboxes to thin out and to forget.
func (s *Store) walkMailboxes(ctx context.Context, c *pgx.Conn, r *round, unused time.Time, limit int) (old, empty []int64, err error) {
	rows, err := c.Query(ctx, s.sql["mailboxes_walk"], r.place, r.until, unused, walkRows)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	old, empty = []int64{}, []int64{}
	var isOld, isEmpty bool
	seen := 0
	for len(old)+len(empty) < limit && rows.Next() {
		if err := rows.Scan(&r.place, &isOld, &isEmpty); err != nil {
			return nil, nil, err
		}
		seen++
		if isOld {
			old = append(old, r.place)
		}
		if isEmpty {
			empty = append(empty, r.place)
		}
	}
	rows.Close()
	if seen < walkRows && len(old)+len(empty) < limit {
		r.place, r.done = 0, true
	}
	return old, empty, rows.Err()
}
