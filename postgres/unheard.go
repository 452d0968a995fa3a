package postgres

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

// unheard are the holders of leases of which this store does not know whether they were made, as the answer of the database
// was lost. Nobody else has ever heard of them, so that no worker can die of such a lease: what it holds goes back, and is
// not charged (G4). Without them a database that goes away in the middle of a lease would cost each task a crash, and keep
// it out of reach for as long as the lease is.
type unheard struct {
	mu      sync.Mutex
	holders map[string]time.Time // since when
}

const (
	unheardFor  = time.Minute // how long a transaction whose answer was lost may still take to commit
	unheardMost = 10_000      // beyond these leases run out like any other
)

func (u *unheard) add(holders []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.holders == nil {
		u.holders = map[string]time.Time{}
	}
	for _, h := range holders {
		if len(u.holders) < unheardMost {
			u.holders[h] = time.Now()
		}
	}
}

func (u *unheard) all() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Collect(maps.Keys(u.holders))
}

func (u *unheard) forget(holder string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.holders, holder)
}

// forgetBefore forgets those for which it is too late to have been made after a look.
func (u *unheard) forgetBefore(look time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	maps.DeleteFunc(u.holders, func(_ string, since time.Time) bool { return look.Sub(since) > unheardFor })
}

// sweepUnheard gives back what leases hold that were made after all.
func (s *Store) sweepUnheard(ctx context.Context, _ *lastcall.Sweep, _ *lastcall.Swept) error {
	holders := s.unheard.all()
	if len(holders) == 0 {
		return nil
	}
	look := time.Now()
	var made []string
	err := s.withConn(ctx, writeTimeout, func(ctx context.Context, c *pgx.Conn) error {
		rows, err := c.Query(ctx, s.sql["leases_made"], array[string](holders))
		if err != nil {
			return err
		}
		made, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		return err
	}
	for _, h := range made {
		err = errors.Join(err, s.takeBack(ctx, h))
	}
	if err == nil {
		s.unheard.forgetBefore(look)
	}
	return err
}

// takeBack gives back what the lease of a holder holds, and ends it. What somebody has locked is left for the next sweep.
func (s *Store) takeBack(ctx context.Context, holder string) error {
	free := false
	err := s.pass(ctx, func(*tx, *pgx.Batch) {}, func(ctx context.Context, tx *tx) (err error) {
		_, free, err = tx.takeRuns(ctx, holder, func(running []*lastcall.Task) []*lastcall.Event {
			events := make([]*lastcall.Event, len(running))
			for i, t := range running {
				events[i] = t.Reclaim(lastcall.ReleaseLease, tx.now)
			}
			return events
		})
		if free {
			tx.ended = append(tx.ended, holder)
		}
		return err
	})
	if err == nil && free {
		s.unheard.forget(holder)
	}
	return err
}
