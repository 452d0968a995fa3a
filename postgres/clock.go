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
func (s *Store) setClock(ctx context.Context, _ *lastcall.Sweep, _ *lastcall.Swept) error {
	return s.withConn(ctx, writeTimeout, func(ctx context.Context, c *pgx.Conn) error {
		began := time.Now()
		var said time.Time
		if err := c.QueryRow(ctx, s.sql["clock_read"]).Scan(&said); err != nil {
			return err
		}
		if time.Since(began) > lookMost {
			return nil // the next one may say more
		}
		step := s.clock.Look(said, began)
		statements := []string{"nodes_forward", "leases_forward"}
		if step == 0 {
			return nil
		} else if step < 0 {
			statements = []string{"nodes_back", "leases_back"}
		}
		for _, name := range statements {
			if _, err := c.Exec(ctx, s.sql[name], max(step, 0).Microseconds()); err != nil {
				return err
			}
		}
		s.clock.Took(step)
		return nil
	})
}
