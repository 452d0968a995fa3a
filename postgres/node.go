package postgres

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

// The states of a node's row. The numbers stand in the database.
const (
	nodeJoined = iota
	nodeLeft
	nodeDead
)

// Join registers a new incarnation, whose lease is a time by the database's clock.
func (s *Store) Join(ctx context.Context, n lastcall.NodeInfo) (string, error) {
	incarnation := rand.Text()
	types := slices.Clone(n.Types)
	if types == nil {
		types = []string{} // NULL is no list
	}
	err := s.write(ctx, "join", func(ctx context.Context, c *pgx.Conn, now time.Time) error {
		_, err := c.Exec(ctx, s.sql["node_insert"],
			incarnation, n.Name, n.Version, n.Address, types, now, n.Lease.Microseconds(), int64(n.Lease))
		return err
	})
	if err != nil {
		return "", err
	}
	s.hints.Publish([]lastcall.Hint{{}}) // to those who wait for a peer
	return incarnation, nil
}

// Beat renews a lease, says what the node does, and answers which of its runs are asked to stop.
func (s *Store) Beat(ctx context.Context, b lastcall.Beat) (pulse lastcall.Pulse, err error) {
	moved := false
	err = s.write(ctx, "beat", func(ctx context.Context, c *pgx.Conn, now time.Time) (err error) {
		if moved, err = s.enterPhase(ctx, c, b.Incarnation, b.Phase, now); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		batch.Queue(s.sql["node_beat"], b.Incarnation, b.Running, b.Connections, now, b.Lease.Microseconds(),
			int64(b.Lease))
		batch.Queue(s.sql["runs_canceled"], b.Incarnation).Query(func(rows pgx.Rows) (err error) {
			pulse.Canceled, err = pgx.CollectRows(rows, pgx.RowToStructByPos[lastcall.RunRef])
			return err
		})
		return c.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return lastcall.Pulse{}, err
	}
	if moved {
		s.hints.Publish([]lastcall.Hint{{}})
	}
	return pulse, nil
}

// Runs lists what an incarnation runs. The claims of a node wait for it, and it for nobody's reads.
func (s *Store) Runs(ctx context.Context, incarnation string) (runs []lastcall.RunRef, err error) {
	err = s.withConn(ctx, readTimeout, func(ctx context.Context, c *pgx.Conn) error {
		rows, err := c.Query(ctx, s.sql["runs_of"], incarnation)
		if err != nil {
			return err
		}
		runs, err = pgx.CollectRows(rows, pgx.RowToStructByPos[lastcall.RunRef])
		return err
	})
	return runs, wrap("runs", err)
}

// Nodes lists the incarnations that were alive within a day.
func (s *Store) Nodes(ctx context.Context) (nodes []lastcall.Node, err error) {
	err = s.read(ctx, "nodes", func(ctx context.Context, c *pgx.Conn) (err error) {
		nodes, err = s.nodes(ctx, c)
		return err
	})
	return nodes, err
}

func (s *Store) nodes(ctx context.Context, c *pgx.Conn) ([]lastcall.Node, error) {
	rows, err := c.Query(ctx, s.sql["nodes"], lastcall.NodesMost, lastcall.NodeKept.Microseconds())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (lastcall.Node, error) { return scanNode(row) })
}

func scanNode(row pgx.Row) (n lastcall.Node, err error) {
	var now, until, phaseSince time.Time
	var state int16
	err = row.Scan(&now, &n.Incarnation, &state, &n.Name, &n.Version, &n.Types, &until, &n.Phase, &n.Running,
		&n.Connections, &n.Since, &n.SeenAt, &n.Address, &phaseSince)
	n.Since, n.SeenAt = n.Since.UTC(), n.SeenAt.UTC()
	n.Settled, n.Quiet = max(now.Sub(phaseSince), 0), max(now.Sub(n.SeenAt), 0)
	n.Alive = state == nodeJoined && now.Before(until)
	return n, err
}

// enterPhase says which phase a joined node is in, as a sign of life, and reports whether its peers are to be told: they
// may wait for one that is fit to take over, or have lost it. It fails with CodeLeaseLost unless the incarnation has
// joined, has not left and was not found dead.
func (s *Store) enterPhase(ctx context.Context, c *pgx.Conn, incarnation, phase string, now time.Time) (moved bool, err error) {
	was, err := s.phase(ctx, c, incarnation)
	if err != nil {
		return false, err
	}
	if phase == lastcall.PhaseReady && was != "" {
		phase = was // a beat that was overtaken: nobody becomes ready again
	}
	_, err = c.Exec(ctx, s.sql["node_enter"], incarnation, phase, now)
	return was != phase, err
}

// phase is the phase of an incarnation that is there, whose row is locked.
func (s *Store) phase(ctx context.Context, c *pgx.Conn, incarnation string) (phase string, err error) {
	rows, err := c.Query(ctx, s.sql["node_phase"], incarnation)
	if err != nil {
		return "", err
	}
	phases, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "", err
	}
	if len(phases) == 0 {
		return "", errNotJoined()
	}
	return phases[0], nil
}

func errNotJoined() error {
	return lastcall.Errorf(lastcall.CodeLeaseLost, "this incarnation has left or was declared dead; join anew")
}
