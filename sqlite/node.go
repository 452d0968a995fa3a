package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// The states of a node's row. The numbers stand in the file.
const (
	nodeJoined = iota
	nodeLeft
	nodeDead
)

// Join registers a new incarnation. What earlier ones left behind when they died is the next sweep's: a node that
// sweeps when it has joined goes on at once (G9).
func (s *Store) Join(ctx context.Context, n lastcall.NodeInfo) (string, error) {
	incarnation, lease, err := s.newLease(ctx)
	if err != nil {
		return "", fmt.Errorf("join: %w", err)
	}
	err = s.write(ctx, "join", rowBytes, func(tx *tx) error { return tx.insertNode(incarnation, &n) })
	if err != nil {
		return "", errors.Join(err, dropLease(lease))
	}
	s.keepLease(incarnation, lease)
	return incarnation, nil
}

// Beat says what a node does, and answers which of its runs are asked to stop. The lease does not hang on it here, but
// on the lock; peers go by it when they look for one that is fit to take over.
func (s *Store) Beat(ctx context.Context, b lastcall.Beat) (pulse lastcall.Pulse, err error) {
	err = s.write(ctx, "beat", rowBytes, func(tx *tx) error {
		if err := tx.checkJoined(b.Incarnation); err != nil {
			return err
		}
		if err := tx.enterPhase(b.Incarnation, b.Phase); err != nil {
			return err
		}
		st := tx.stmt("node_beat").Int(int64(b.Running)).Int(int64(b.Connections)).Int(int64(b.Lease))
		if err := st.Text(b.Incarnation).Run(); err != nil {
			return err
		}
		pulse.Canceled, err = tx.runsCanceled(b.Incarnation)
		return err
	})
	if err != nil {
		return lastcall.Pulse{}, err
	}
	return pulse, nil
}

// Leave ends an incarnation. Its lock goes after the commit: the other way round a sweep could come between, take it
// for dead and charge its tasks with a crash (G4).
func (s *Store) Leave(ctx context.Context, incarnation string) error {
	err := s.write(ctx, "leave", rowBytes, func(tx *tx) error {
		if joined, err := tx.isJoined(incarnation); !joined {
			return err
		}
		_, err := tx.takeRuns(incarnation, func(running []*row) []*lastcall.Event {
			events := make([]*lastcall.Event, len(running))
			for i, r := range running {
				events[i] = r.Reclaim(lastcall.ReleaseDrain, tx.now)
			}
			return events
		})
		if err != nil {
			return err
		}
		return tx.endNode(incarnation, nodeLeft)
	})
	if err != nil {
		return err
	}
	if f := s.takeLease(incarnation); f != nil {
		if err := dropLease(f); err != nil {
			return fmt.Errorf("leave: %w", err)
		}
	}
	return nil
}

// Nodes lists the incarnations that were alive within a day.
func (s *Store) Nodes(ctx context.Context) (nodes []lastcall.Node, err error) {
	err = s.read(ctx, "nodes", func(v view) error {
		st := v.stmt("nodes")
		now := now()
		st.Time(now.Add(-lastcall.NodeKept)).Int(lastcall.NodesMost)
		return each(st, func() error {
			n, err := scanNode(st, now)
			nodes = append(nodes, n)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return nodes, nil
}

// scanNode reads a row of nodes. A node that is stuck counts as not alive here, though its lock protects what it runs:
// this is what its peers go by when they look for somebody fit to take over.
func scanNode(st *sqlite3.Stmt, now time.Time) (lastcall.Node, error) {
	n := lastcall.Node{
		Incarnation: st.ColText(0), Name: st.ColText(2), Version: st.ColText(3), Phase: st.ColText(6),
		Running: int(st.ColInt(7)), Connections: int(st.ColInt(8)), Since: st.ColTime(9), SeenAt: st.ColTime(10),
		Address: st.ColText(11), Settled: max(now.Sub(st.ColTime(12)), 0),
	}
	n.Quiet = max(now.Sub(n.SeenAt), 0)
	lease := time.Duration(st.ColInt(5))
	n.Alive = st.ColInt(1) == nodeJoined && now.Before(n.SeenAt.Add(lease))
	return n, column.DecodeJSON([]byte(st.ColText(4)), &n.Types)
}

func (tx *tx) insertNode(incarnation string, n *lastcall.NodeInfo) error {
	types, err := column.EncodeJSON(n.Types, false)
	if err != nil {
		return err
	}
	st := tx.stmt("node_insert")
	st.Text(incarnation).Text(n.Name).Text(n.Version).Text(n.Address).Text(string(types)).Int(int64(n.Lease))
	tx.hint(lastcall.Hint{}) // to those who wait for a peer
	return st.Time(tx.now).Run()
}

// enterPhase says which phase a joined node is in, as a sign of life. Its peers are told when that has changed: they may
// wait for one that is fit to take over, or have lost it.
func (tx *tx) enterPhase(incarnation, phase string) error {
	was, _, err := tx.phase(incarnation)
	if err != nil {
		return err
	}
	if phase == lastcall.PhaseReady && was != "" {
		phase = was // a beat that was overtaken: nobody becomes ready again
	}
	if was != phase {
		tx.hint(lastcall.Hint{})
	}
	return tx.stmt("node_phase").Text(phase).Time(tx.now).Text(incarnation).Run()
}

func (tx *tx) endNode(incarnation string, state int64) error {
	tx.hint(lastcall.Hint{}) // to those who counted on it as a peer
	st := tx.stmt("node_end")
	return st.Int(state).Text(incarnation).Run()
}

func (tx *tx) isJoined(incarnation string) (bool, error) {
	_, joined, err := tx.phase(incarnation)
	return joined, err
}

// phase is the phase of an incarnation, if it has joined and is still there.
func (tx *tx) phase(incarnation string) (phase string, joined bool, err error) {
	st := tx.stmt("node_joined")
	defer st.Reset()
	joined, err = st.Text(incarnation).Step()
	if joined {
		phase = st.ColText(0)
	}
	return phase, joined, err
}

// checkJoined fails with CodeLeaseLost unless the incarnation has joined, has not left and was not found dead.
func (tx *tx) checkJoined(incarnation string) error {
	joined, err := tx.isJoined(incarnation)
	if err == nil && !joined {
		err = lastcall.Errorf(lastcall.CodeLeaseLost, "this incarnation has left or was declared dead; join anew")
	}
	return err
}

// runsCanceled are an incarnation's runs that are asked to stop.
func (tx *tx) runsCanceled(incarnation string) (runs []lastcall.RunRef, err error) {
	return listRuns(tx.stmt("runs_canceled").Text(incarnation))
}

// Runs lists what an incarnation runs.
func (s *Store) Runs(ctx context.Context, incarnation string) (runs []lastcall.RunRef, err error) {
	err = s.read(ctx, "runs", func(v view) (err error) {
		runs, err = listRuns(v.stmt("runs_of").Text(incarnation))
		return err
	})
	if err != nil {
		return nil, err
	}
	return runs, nil
}

func listRuns(st *sqlite3.Stmt) (runs []lastcall.RunRef, err error) {
	err = each(st, func() error {
		var id taskID
		st.ColCopy(0, id[:])
		runs = append(runs, lastcall.RunRef{Task: id.String(), Run: st.ColInt(1)})
		return nil
	})
	return runs, err
}
