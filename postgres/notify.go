package postgres

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

// notifyEvery is how far apart notifications are: the first goes out at once, and what comes meanwhile goes together. A
// transaction that notifies holds a lock of the whole server's while it commits, so that there must not be many.
const notifyEvery = 5 * time.Millisecond

// notifyTimeout bounds a notification. One that is late is of no use.
const notifyTimeout = 2 * time.Second

// channel is what the nodes on a schema listen to.
func channel(schema string) string { return "lastcall:" + schema }

// notify tells the other nodes what this one has committed, outside the transactions that did it.
func (s *Store) notify(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-s.hints.out.wake:
		case <-ctx.Done():
			return
		}
		if err := s.send(ctx, s.hints.out.take(s.node)); err != nil && ctx.Err() == nil {
			// The others find what they were not told by their polls. What is told next says so.
			s.hints.out.put([]lastcall.Hint{{}})
			s.log.Debug("the other nodes could not be notified", slog.Any("error", err))
			pause.Reset(pollEvery)
		} else {
			pause.Reset(notifyEvery)
		}
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Store) send(ctx context.Context, messages []string) error {
	if len(messages) == 0 {
		return nil
	}
	return s.withConn(ctx, notifyTimeout, func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, s.sql["notify"], channel(s.schema), messages)
		return err
	})
}
