package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/lastcall-dev/lastcall"
)

var _ lastcall.Announcer = (*Store)(nil)

// EnterAnnounce moves a node to the phase announce if a peer is fit to take over. The transaction holds the only lock for
// writing from before it looks until it has moved: of two nodes that look at each other at once, the second finds the
// first one announcing.
func (s *Store) EnterAnnounce(ctx context.Context, incarnation string, peers []string) (entered bool, err error) {
	const verb = "enter announce"
	living, err := s.living(peers)
	if err != nil {
		return false, fmt.Errorf("%s: %w", verb, err)
	}
	err = s.write(ctx, verb, rowBytes, func(tx *tx) (err error) {
		if err := tx.checkJoined(incarnation); err != nil {
			return err
		}
		entered, err = tx.anyFit(living, incarnation)
		if !entered || err != nil {
			return err
		}
		return tx.enterPhase(incarnation, lastcall.PhaseAnnounce)
	})
	return entered && err == nil, err
}

// living leaves out the incarnations whose locks are free: a process that was killed a moment ago still looks fit by its
// row. Their burial is the next sweep's.
func (s *Store) living(incarnations []string) (living []string, err error) {
	for _, incarnation := range incarnations {
		if s.holds(incarnation) {
			living = append(living, incarnation)
			continue
		}
		d, isDead, err := s.look(incarnation)
		if err != nil {
			return nil, err
		}
		if isDead {
			if err := letGo([]dead{d}, false); err != nil {
				return nil, err
			}
			continue
		}
		living = append(living, incarnation)
	}
	return living, nil
}

// errFound ends a walk over rows early.
var errFound = errors.New("found")

// anyFit reports whether one of the peers, other than the node itself, is fit to take over.
func (tx *tx) anyFit(peers []string, but string) (bool, error) {
	st := tx.stmt("nodes").Time(tx.now).Int(lastcall.NodesMost)
	err := each(st, func() error {
		n, err := scanNode(st, tx.now)
		if err == nil && n.Incarnation != but && slices.Contains(peers, n.Incarnation) && n.Fit() {
			err = errFound
		}
		return err
	})
	if errors.Is(err, errFound) {
		return true, nil
	}
	return false, err
}
