package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

// lookMost is how long a look at the database's clock may take to say anything of it.
const lookMost = time.Second

// setClock finds out whether the database's clock was set, and moves what is a length of time to where it was set: the
// leases of nodes, which would all be dead by that alone, and those of workers outside. Every node finds out by itself,
// and a second time changes nothing.
func (s *Store) setClock(ctx context.Context, sw *lastcall.Sweep, did *lastcall.Swept) error {
	return s.withConn(ctx, writeTimeout, func(ctx context.Context, c *pgx.Conn) error {
		began := time.Now()
		var said time.Time
		if err := c.QueryRow(ctx, s.sql["clock_read"]).Scan(&said); err != nil {
			return err
		}
		if time.Since(began) > lookMost {
			return nil // the next one may say more
		}
		switch step := s.clock.Look(said, began); {
		case step > 0:
			return s.setForward(ctx, c, step)
		case step < 0:
			return s.setBack(ctx, c, -step, sw.Limit, did)
		}
		return nil
	})
}

func (s *Store) setForward(ctx context.Context, c *pgx.Conn, by time.Duration) error {
	for _, name := range []string{"nodes_forward", "leases_forward"} {
		if _, err := c.Exec(ctx, s.sql[name], by.Microseconds()); err != nil {
			return err
		}
	}
	s.clock.Took(by)
	return nil
}

// setBack also moves what waits to run again. Where that is more than one sweep may move, the next goes on.
func (s *Store) setBack(ctx context.Context, c *pgx.Conn, by time.Duration, most int, did *lastcall.Swept) error {
	for _, name := range []string{"nodes_back", "leases_back"} {
		if _, err := c.Exec(ctx, s.sql[name], 0); err != nil {
			return err
		}
	}
	moved, err := c.Exec(ctx, s.sql["retries_back"], by.Microseconds(), most)
	if err != nil {
		return err
	}
	if moved.RowsAffected() >= int64(most) {
		did.More = true
		return nil
	}
	s.clock.Took(-by)
	return nil
}
