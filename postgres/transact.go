package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// How long things may take before the database counts as not there.
const (
	connectTimeout = 3 * time.Second
	writeTimeout   = 5 * time.Second
	readTimeout    = 10 * time.Second
)

// conflictsMost is how often a transaction that loses against others is run.
const conflictsMost = 10

// errLate stands before the last of the defeats of a transaction that has lost against others each time.
var errLate = errors.New("others came first each time")

// read runs fn on a connection of its own, when it is its turn. Ctx ends the wait for the connection, not the read, which
// is bounded by itself: to end it would cost the connection.
func (s *Store) read(ctx context.Context, verb string, fn func(context.Context, *pgx.Conn) error) error {
	return wrap(verb, s.inTurn(ctx, readTimeout, fn))
}

// write runs fn in a transaction at the time that the database says it is, and commits. Fn may be run more than once,
// each time as if for the first: it must set what it returns through variables anew. What has begun goes on whatever
// becomes of ctx. Hints are fn's to note and the caller's to publish, after write has returned.
func (s *Store) write(ctx context.Context, verb string, fn func(ctx context.Context, c *pgx.Conn, now time.Time) error) error {
	return wrap(verb, s.retry(ctx, func(ctx context.Context, c *pgx.Conn) error {
		began := time.Now()
		wrote, err := s.transact(ctx, c, fn)
		if err == nil && wrote {
			s.committed(1, time.Since(began))
		}
		return err
	}))
}

// retry runs a transaction, and again where it has lost against others. All of it has the time of one write: those who
// wait behind it do not know how often it was tried.
func (s *Store) retry(ctx context.Context, transaction func(context.Context, *pgx.Conn) error) error {
	end := time.Now().Add(writeTimeout)
	for n := 1; ; n++ {
		err := s.withConn(ctx, time.Until(end), transaction)
		if !isConflict(err) && !errors.Is(err, errRepeat) && !isKeyTaken(err) {
			return err
		}
		if n == conflictsMost || time.Until(end) <= 0 {
			return errors.Join(errLate, err)
		}
	}
}

// errNothing ends a transaction in which there turned out to be nothing to do.
var errNothing = errors.New("nothing to write")

// transact runs fn between the begin and the commit of a transaction.
func (s *Store) transact(ctx context.Context, c *pgx.Conn, fn func(context.Context, *pgx.Conn, time.Time) error) (wrote bool, err error) {
	now, err := s.begin(ctx, c)
	if err != nil {
		return false, err
	}
	if err = fn(ctx, c, now); err == nil {
		tag, err := c.Exec(ctx, s.sql["commit"])
		if err == nil && tag.String() == "ROLLBACK" {
			err = errors.New("the transaction was rolled back by its commit")
		}
		return err == nil, lost(c, err)
	}
	if !c.IsClosed() {
		if _, failed := c.Exec(ctx, s.sql["rollback"]); failed != nil {
			err = errors.Join(err, failed)
		}
	}
	if errors.Is(err, errNothing) {
		err = nil
	}
	return false, lost(c, err)
}

// begin begins a transaction, bounds it on the server's side too, and asks for the time: all in one round trip. The
// settings are the transaction's own, so that they hold behind a pooler as well.
func (s *Store) begin(ctx context.Context, c *pgx.Conn) (now time.Time, err error) {
	b := &pgx.Batch{}
	b.Queue(s.sql["begin"])
	b.Queue(s.sql["bounds"]).QueryRow(func(row pgx.Row) error { return row.Scan(&now, nil, nil, nil, nil, nil) })
	if err := c.SendBatch(ctx, b).Close(); err != nil {
		return now, lost(c, fmt.Errorf("begin: %w", err))
	}
	return now.UTC(), nil
}

// withConn lends fn a connection for at most so long, the wait for it included.
func (s *Store) withConn(ctx context.Context, limit time.Duration, fn func(context.Context, *pgx.Conn) error) error {
	if err := gone(ctx); err != nil {
		return err
	}
	if s.closed() {
		return errClosed()
	}
	end := time.Now().Add(limit)
	waits, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	conn, err := s.pool.Acquire(waits)
	if err != nil {
		return s.noConn(ctx, err)
	}
	defer conn.Release()
	// The limit is a deadline of the socket's and not a context's: pgx has a goroutine watch each context that can end, and
	// forgets it when the connection is lost in the middle of a pipeline.
	socket := conn.Conn().PgConn().Conn()
	if err := socket.SetDeadline(end); err != nil {
		return errors.Join(errLost, err)
	}
	err = lost(conn.Conn(), fn(context.WithoutCancel(ctx), conn.Conn()))
	if sqlState(err) == readOnlyState {
		s.pool.Reset() // what the others read may be old
	}
	return errors.Join(err, unbound(conn.Conn()))
}

// unbound takes the deadline off a connection that goes back to the pool.
func unbound(conn *pgx.Conn) error {
	if conn.IsClosed() {
		return nil
	}
	return conn.PgConn().Conn().SetDeadline(time.Time{})
}

// noConn says why there was no connection: the caller did not wait for it, or there is none to be had.
func (s *Store) noConn(ctx context.Context, err error) error {
	if err := gone(ctx); err != nil {
		return err
	}
	if s.closed() {
		return errClosed()
	}
	return errors.Join(errLost, err)
}
