package postgres

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lastcall-dev/lastcall"
)

const (
	// listenQuiet is after how long without a word the listener asks whether the server is still there.
	listenQuiet = 10 * time.Second
	// listenFirst and listenLast bound the waits between attempts to listen again.
	listenFirst = 100 * time.Millisecond
	listenLast  = 3 * time.Second
)

// listen hears what other nodes have moved, on a connection of its own that is made anew when it is lost. Whoever watches
// is told after each beginning that anything may have moved meanwhile.
func (s *Store) listen(ctx context.Context) {
	wait := listenFirst
	for ctx.Err() == nil {
		began := time.Now()
		err := s.listenOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > listenLast {
			wait = listenFirst
		}
		s.log.Warn("listening to the database ended; changes of other nodes are found by polls until it goes on",
			slog.Any("error", err), slog.Int64("again_in_ms", wait.Milliseconds()))
		s.hints.tell([]lastcall.Hint{{}})
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		wait = min(2*wait, listenLast)
	}
}

// listenOnce listens until the connection is lost.
func (s *Store) listenOnce(ctx context.Context) error {
	conn, err := s.listenConn(ctx)
	if err != nil {
		return err
	}
	defer hangUp(ctx, conn)
	s.hints.tell([]lastcall.Hint{{}})
	for {
		if err := s.hear(ctx, conn); err != nil {
			return err
		}
	}
}

func (s *Store) listenConn(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*connectTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, s.pool.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel(s.schema)}.Sanitize()); err != nil {
		hangUp(ctx, conn)
		return nil, err
	}
	return conn, nil
}

// hear waits for one notification, and asks for a sign of life when none comes. The wait is bounded on the connection
// itself, as pgx would do it for a context, but without a goroutine for each wait.
func (s *Store) hear(ctx context.Context, conn *pgx.Conn) error {
	under := conn.PgConn().Conn()
	if err := under.SetReadDeadline(time.Now().Add(listenQuiet)); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = under.SetReadDeadline(time.Now()) }) // one that is closed has ended anyway
	n, err := conn.WaitForNotification(context.Background())
	stop()
	switch {
	case err == nil:
		s.heard(n)
		return nil
	case ctx.Err() != nil || !pgconn.Timeout(err) || conn.IsClosed():
		return err
	}
	if err := under.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	alive, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return conn.Ping(alive)
}

// heard tells those who watch what another node has said. What cannot be read is of a later version and may say anything.
func (s *Store) heard(n *pgconn.Notification) {
	var m message
	if err := json.Unmarshal([]byte(n.Payload), &m); err != nil {
		m = message{All: true}
	}
	if m.Node != s.node {
		s.hints.tell(m.hints())
	}
}
