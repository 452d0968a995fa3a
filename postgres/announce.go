package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

var _ lastcall.Announcer = (*Store)(nil)

// EnterAnnounce moves a node to the phase announce if a peer is fit to take over. The nodes do this one after the other,
// under a lock for this alone that is held from before they look until they have moved: of two that look at each other
// at once, the second finds the first one announcing. Their rows would not do for a lock: two that lock each other's
// could only be told apart by a deadlock.
func (s *Store) EnterAnnounce(ctx context.Context, incarnation string, peers []string) (entered bool, err error) {
	err = s.write(ctx, "enter announce", func(ctx context.Context, c *pgx.Conn, _ time.Time) (err error) {
		entered = false
		if _, err := c.Exec(ctx, s.sql["announce_lock"], lockNumber("announce", s.schema)); err != nil {
			return err
		}
		if _, err := s.phase(ctx, c, incarnation); err != nil {
			return err
		}
		now, fit, err := s.anyFit(ctx, c, peers, incarnation)
		if err != nil {
			return err
		}
		if !fit {
			return errNothing
		}
		_, err = s.enterPhase(ctx, c, incarnation, lastcall.PhaseAnnounce, now)
		entered = true
		return err
	})
	if err != nil || !entered {
		return false, err
	}
	s.hints.Publish([]lastcall.Hint{{}})
	return true, nil
}

// anyFit reports whether one of the peers, other than the node itself, is fit to take over, and the time of that: the
// lock may have been waited for since the transaction began.
func (s *Store) anyFit(ctx context.Context, c *pgx.Conn, peers []string, but string) (now time.Time, fit bool, err error) {
	if err := c.QueryRow(ctx, s.sql["clock"]).Scan(&now); err != nil {
		return now, false, err
	}
	nodes, err := s.nodes(ctx, c)
	if err != nil {
		return now, false, err
	}
	fit = slices.ContainsFunc(nodes, func(n lastcall.Node) bool {
		return n.Incarnation != but && slices.Contains(peers, n.Incarnation) && n.Fit()
	})
	return now.UTC(), fit, nil
}
