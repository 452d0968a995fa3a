package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// keptFree is how many connections are kept for what a node lives by, beside those of the lanes: a claim, a sweep and a
// beat may be under way at once.
const keptFree = 3

// errBusy stands for the connections that others did not give back in time.
var errBusy = errors.New("all connections for reading are in use")

// turnsOf are as many as may be taken at once, of so many connections, by those who ask at will: whoever lists tasks, reads
// events, or waits for work outside. There may be thousands of them. Would they stand in one queue with the beats, a client
// that lists in a loop would cost a node its lease.
func turnsOf(conns int32) chan struct{} {
	return make(chan struct{}, max(1, int(conns)-submitLanes-changeLanes-keptFree))
}

// inTurn is withConn for those who ask at will. The wait for their turn is part of the time that they have.
func (s *Store) inTurn(ctx context.Context, limit time.Duration, fn func(context.Context, *pgx.Conn) error) error {
	end := time.Now().Add(limit)
	late := time.NewTimer(limit)
	defer late.Stop()
	select {
	case s.asking <- struct{}{}:
		defer func() { <-s.asking }()
	case <-ctx.Done():
		return gone(ctx)
	case <-s.life.Done():
		return errClosed()
	case <-late.C:
		return errors.Join(errLost, errBusy)
	}
	return s.withConn(ctx, time.Until(end), fn)
}
