package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

// mailbox is a mailbox as a transaction has it.
type mailbox struct {
	lastcall.Mailbox
	id      int64
	usedAt  time.Time
	changed bool // to be written
}

// OpenMailbox returns the client's mailbox, making it if it is not there. Most that are opened are there and in use: a
// read is enough for them, and a million clients that come back after a restart wait for no commit.
func (s *Store) OpenMailbox(ctx context.Context, client string) (out lastcall.Mailbox, err error) {
	const verb = "open mailbox"
	if !storable(client) {
		return out, fmt.Errorf("%s: %w", verb, lastcall.Errorf(lastcall.CodeInvalidRequest, "the name of the client is no text"))
	}
	fresh := false
	err = s.read(ctx, verb, func(ctx context.Context, c *pgx.Conn) error {
		var now time.Time
		m := &mailbox{}
		err := c.QueryRow(ctx, s.sql["mailbox_get"], client).Scan(append(m.fields(), &now)...)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		out, fresh = m.Mailbox, now.Sub(m.usedAt) < lastcall.MailboxUsed
		return err
	})
	if fresh || err != nil {
		return out, err
	}
	err = s.do(ctx, verb, &call{client: client, fn: func(tx *tx) error {
		m := tx.openMailbox(client)
		if m != nil {
			m.use(tx.now)
			out = m.Mailbox
		}
		return nil
	}})
	if err != nil {
		return lastcall.Mailbox{}, err
	}
	return out, nil
}

// Ack moves what the client has acknowledged forward.
func (s *Store) Ack(ctx context.Context, client string, upTo lastcall.Cursor) error {
	if !storable(client) {
		return nil // no such mailbox is there
	}
	return s.do(ctx, "ack", &call{client: client, fn: func(tx *tx) error {
		m := tx.boxes[client]
		if m == nil || m.Epoch != upTo.Epoch {
			return nil
		}
		m.use(tx.now)
		if seq := min(upTo.Seq, m.Head); seq > m.Acked {
			m.Acked, m.changed = seq, true
		}
		return nil
	}})
}

// use notes that somebody was here.
func (m *mailbox) use(now time.Time) {
	if now.Sub(m.usedAt) >= lastcall.MailboxUsed {
		m.usedAt, m.changed = now, true
	}
}

// fields is where the columns of a mailbox go, in the order of mailbox_get.
func (m *mailbox) fields() []any {
	return []any{&m.id, &m.Client, &m.Epoch, &m.Head, &m.Oldest, &m.Acked, &m.usedAt}
}

// openMailbox is the client's mailbox. If there is none it is nil, and the transaction will be run again with it.
func (tx *tx) openMailbox(client string) *mailbox {
	m := tx.boxes[client]
	if m == nil && !slices.Contains(tx.missing, client) {
		tx.missing = append(tx.missing, client)
	}
	return m
}

// queueMail locks the mailboxes of the clients of tasks, and those of further clients, in the order of clients.
func (tx *tx) queueMail(b *pgx.Batch, ids []taskID, clients []string) {
	if len(ids)+len(clients) > 0 {
		b.Queue(tx.s.sql["mailboxes_lock"], idArray(ids), array[string](clients)).Query(tx.keepBoxes)
	}
}

// lockMail is queueMail as a round trip of its own, for what finds out only in the transaction which tasks it changes. It
// returns those that can be changed, all of them unless the transaction passes over what somebody holds.
func (tx *tx) lockMail(ctx context.Context, rows []*row) ([]*row, error) {
	clients := make([]string, len(rows))
	for i, r := range rows {
		clients[i] = r.Client
	}
	if tx.passing {
		return tx.passMail(ctx, rows, clients)
	}
	b := &pgx.Batch{}
	tx.queueMail(b, nil, clients)
	tx.queueClock(b)
	return rows, tx.conn.SendBatch(ctx, b).Close()
}

func (tx *tx) keepBoxes(rows pgx.Rows) error {
	for rows.Next() {
		m := &mailbox{}
		if err := rows.Scan(m.fields()...); err != nil {
			return err
		}
		tx.boxes[m.Client] = m
	}
	return rows.Err()
}

// makeMailboxes makes those that were missing, in the order in which everybody locks them.
func (tx *tx) makeMailboxes(ctx context.Context) error {
	slices.Sort(tx.missing)
	epochs := make(array[string], len(tx.missing))
	for i := range epochs {
		epochs[i] = lastcall.NewEpoch()
	}
	_, err := tx.conn.Exec(ctx, tx.s.sql["mailboxes_make"], array[string](tx.missing), epochs)
	return err
}
