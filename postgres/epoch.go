package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

var _ lastcall.EpochRenewer = (*Store)(nil)

// epochRows is how many mailboxes a transaction gives new epochs, so that those who serve meanwhile are not held up.
const epochRows = 500

// NewEpoch gives every mailbox a new epoch, in portions. Readers look at their mailboxes when they are told that anything
// may have moved, and find that theirs has begun anew.
func (s *Store) NewEpoch(ctx context.Context) (mailboxes int64, err error) {
	for last := int64(0); ; {
		var portion []int64
		err := s.write(ctx, "new epoch", func(ctx context.Context, c *pgx.Conn, _ time.Time) (err error) {
			portion, err = s.renewEpochs(ctx, c, last)
			return err
		})
		if err != nil {
			return mailboxes, err
		}
		s.hints.Publish([]lastcall.Hint{{}})
		if mailboxes += int64(len(portion)); len(portion) < epochRows {
			return mailboxes, nil
		}
		last = portion[len(portion)-1]
	}
}

// renewEpochs gives the first mailboxes behind one a new epoch each, and returns their ids in order.
func (s *Store) renewEpochs(ctx context.Context, c *pgx.Conn, behind int64) ([]int64, error) {
	rows, err := c.Query(ctx, s.sql["mailboxes_behind"], behind, epochRows)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	epochs := make([]string, len(ids))
	for i := range epochs {
		epochs[i] = lastcall.NewEpoch()
	}
	b := &pgx.Batch{}
	b.Queue(s.sql["mailboxes_epochs_lock"], ids)
	b.Queue(s.sql["mailboxes_epochs"], ids, epochs)
	return ids, c.SendBatch(ctx, b).Close()
}
