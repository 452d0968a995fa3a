package postgres

import (
	"context"
	mrand "math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/order"
)

var _ lastcall.Lender = (*Store)(nil)

// held is a lease of a worker outside, as a transaction has it.
type held struct {
	holder        string
	task          taskID
	expires, ends time.Time
	length        time.Duration
}

// Lease starts runs under leases of their own, as a claim does, but that a suspect is nobody's company.
func (s *Store) Lease(ctx context.Context, r lastcall.LeaseRequest) ([]lastcall.Lease, error) {
	r.Length = micros(r.Length)
	w := &wish{Wish: order.Wish{Max: r.Max, Suspects: 1, Alone: true}}
	timeouts := map[string]time.Duration{}
	for _, t := range r.Want {
		w.Want = append(w.Want, lastcall.Want{Type: t.Type, Max: r.Max})
		timeouts[t.Type] = t.Timeout
	}
	w.Want = storableTypes(w.Want)
	w.Queues = slices.DeleteFunc(slices.Clone(r.Queues), func(q string) bool { return !storable(q) })
	if len(r.Queues) > 0 && len(w.Queues) == 0 {
		return nil, nil // no such queue is there
	}
	rows, err := s.take(ctx, "lease", w, func(ctx context.Context, c *pgx.Conn, p *picked) ([]*row, error) {
		var lengths array[float64]
		for _, typ := range p.types {
			timeout := timeouts[typ]
			if timeout == 0 {
				timeout = lastcall.DefaultTimeout
			}
			lengths = append(lengths, timeout.Seconds())
		}
		holders := make(array[string], p.n)
		for i := range holders {
			holders[i] = lastcall.NewHolder()
		}
		rows, err := s.startRuns(ctx, c, "lease_start", p.types, p.queues, p.suspects, p.most, lengths, holders, r.Node,
			r.Length.Seconds(), int64(r.Length))
		if err != nil {
			s.unheard.add(holders)
		}
		return rows, err
	})
	out := make([]lastcall.Lease, len(rows))
	for i, r := range rows {
		out[i] = lastcall.Lease{Task: r.Task, Holder: r.Owner, ExpiresAt: r.leased.UTC()}
	}
	return out, err
}

// Renew keeps what the run wants to outlive it and moves the end of its lease.
func (s *Store) Renew(ctx context.Context, r lastcall.Renewal) (out lastcall.Lease, err error) {
	r.Length = micros(r.Length)
	holder := r.Holder
	if !storable(holder) {
		holder = "" // nobody's
	}
	size := len(r.Checkpoint) + len(r.Log)
	err = s.doTask(ctx, "renew", r.Task, &call{quiet: true, holder: holder, size: size, fn: func(tx *tx) (err error) {
		out, err = tx.renew(&r)
		return err
	}})
	if err != nil {
		return lastcall.Lease{}, err
	}
	return out, nil
}

func (tx *tx) renew(r *lastcall.Renewal) (lease lastcall.Lease, err error) {
	l := tx.leases[r.Holder]
	run, err := tx.save(&r.Note, func(run *row) bool { return l != nil && run.HeldBy(r.Holder, r.Run) })
	if err != nil {
		return lease, err
	}
	if run.CancelRequestedAt == nil {
		l.expires, l.length = earlier(tx.now.Add(r.Length), l.ends), r.Length
		if !slices.Contains(tx.renewed, l) {
			tx.renewed = append(tx.renewed, l)
		}
	}
	lease = lastcall.Lease{Task: run.answer(), Holder: r.Holder, ExpiresAt: l.expires}
	lease.Task.Input, lease.Task.Checkpoint = nil, nil
	return lease, nil
}

// queueLeases looks up leases. Their tasks are locked by then, and without its task nobody changes a lease that counts.
func (tx *tx) queueLeases(b *pgx.Batch, holders []string) {
	if len(holders) == 0 {
		return
	}
	tx.leases = map[string]*held{}
	b.Queue(tx.s.sql["leases_get"], array[string](holders)).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			l := &held{}
			if err := rows.Scan(&l.holder, (*[16]byte)(&l.task), &l.expires, &l.ends); err != nil {
				return err
			}
			l.expires, l.ends = l.expires.UTC(), l.ends.UTC()
			tx.leases[l.holder] = l
		}
		return rows.Err()
	})
}

// queueHeld writes leases that were renewed, and removes those that have ended.
func (tx *tx) queueHeld(b *pgx.Batch) {
	if n := len(tx.renewed); n > 0 {
		holders, ends, lengths := make(array[string], n), make(array[time.Time], n), make(array[int64], n)
		for i, l := range tx.renewed {
			holders[i], ends[i], lengths[i] = l.holder, l.expires, int64(l.length)
		}
		b.Queue(tx.s.sql["leases_renew"], holders, ends, lengths)
	}
	if len(tx.ended) > 0 {
		b.Queue(tx.s.sql["leases_drop"], array[string](tx.ended))
	}
}

// lapsed takes tasks back whose leases have run out, and names them.
func (s *Store) lapsed(ctx context.Context, sw *lastcall.Sweep) (all []lastcall.Lapse, err error) {
	err = s.pass(ctx, func(tx *tx, b *pgx.Batch) {
		tx.leases = map[string]*held{}
		b.Queue(s.sql["leases_over"], int64(sw.LongestLapse()), sw.Limit).Query(tx.keepOver)
	}, func(ctx context.Context, tx *tx) (err error) {
		all = nil
		rows := tx.sorted()
		if len(rows) == 0 {
			return nil
		}
		if rows, err = tx.lockMail(ctx, rows); err != nil {
			return err
		}
		for _, r := range rows {
			l := tx.leases[r.Owner]
			tx.ended = append(tx.ended, l.holder)
			all = append(all, lastcall.Lapse{Task: r.ID, Run: r.Run, Worker: r.Node})
			tx.move(r, func(t *lastcall.Task, now time.Time) *lastcall.Event {
				return t.LeaseEnded(!l.ends.After(now), sw.MaxCrashes, mrand.Float64(), now)
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// keepOver takes the tasks whose leases are over, with these.
func (tx *tx) keepOver(rows pgx.Rows) error {
	var ends time.Time
	c := newTaskScan(&ends)
	for rows.Next() {
		r, err := c.next(rows)
		if err != nil {
			return err
		}
		l := &held{holder: r.Owner, task: r.id, ends: ends}
		tx.rows[r.id], tx.leases[l.holder] = r, l
	}
	return rows.Err()
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
