package sqlite

import (
	"context"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// mailbox is a mailbox as a transaction has it.
type mailbox struct {
	lastcall.Mailbox
	id      int64
	usedAt  time.Time
	changed bool // to be written by flush
}

// OpenMailbox returns the client's mailbox, making it if it is not there. Most that are opened are there and in use: a
// read is enough for them, and a million clients that come back after a restart wait for no commit.
func (s *Store) OpenMailbox(ctx context.Context, client string) (out lastcall.Mailbox, err error) {
	const verb = "open mailbox"
	fresh := false
	err = s.read(ctx, verb, func(v view) error {
		m, err := v.getMailbox(client)
		if m != nil {
			out, fresh = m.Mailbox, time.Since(m.usedAt) < lastcall.MailboxUsed
		}
		return err
	})
	if fresh || err != nil {
		return out, err
	}
	err = s.write(ctx, verb, rowBytes, func(tx *tx) error {
		m, err := tx.openMailbox(client)
		if err == nil {
			m.use(tx.now)
			out = m.Mailbox
		}
		return err
	})
	if err != nil {
		return lastcall.Mailbox{}, err
	}
	return out, nil
}

// Ack moves what the client has acknowledged forward.
func (s *Store) Ack(ctx context.Context, client string, upTo lastcall.Cursor) error {
	return s.write(ctx, "ack", rowBytes, func(tx *tx) error {
		m, err := tx.mailbox(client)
		if err != nil || m == nil || m.Epoch != upTo.Epoch {
			return err
		}
		m.use(tx.now)
		if seq := min(upTo.Seq, m.Head); seq > m.Acked {
			m.Acked, m.changed = seq, true
		}
		return nil
	})
}

// use notes that somebody was here.
func (m *mailbox) use(now time.Time) {
	if now.Sub(m.usedAt) >= lastcall.MailboxUsed {
		m.usedAt, m.changed = now, true
	}
}

// getMailbox reads a mailbox, nil if the client has none.
func (v view) getMailbox(client string) (*mailbox, error) {
	st := v.stmt("mailbox_get")
	defer st.Reset()
	found, err := st.Text(client).Step()
	if !found || err != nil {
		return nil, err
	}
	return &mailbox{
		id: st.ColInt(0),
		Mailbox: lastcall.Mailbox{
			Client: client, Epoch: st.ColText(1), Head: st.ColInt(2), Oldest: st.ColInt(3), Acked: st.ColInt(4),
		},
		usedAt: st.ColTime(5),
	}, nil
}

// mailbox is the client's mailbox as this transaction has it, nil if there is none.
func (tx *tx) mailbox(client string) (*mailbox, error) {
	if m, ok := tx.mailboxes[client]; ok {
		return m, nil
	}
	m, err := tx.getMailbox(client)
	if m != nil {
		tx.mailboxes[client] = m
	}
	return m, err
}

// openMailbox is mailbox, and makes it if there is none.
func (tx *tx) openMailbox(client string) (*mailbox, error) {
	m, err := tx.mailbox(client)
	if m != nil || err != nil {
		return m, err
	}
	m = &mailbox{Mailbox: lastcall.Mailbox{Client: client, Epoch: lastcall.NewEpoch(), Oldest: 1}, usedAt: tx.now}
	st := tx.stmt("mailbox_insert")
	defer st.Reset()
	if _, err := st.Text(client).Text(m.Epoch).Time(m.usedAt).Step(); err != nil {
		return nil, err
	}
	m.id = st.ColInt(0)
	tx.mailboxes[client] = m
	return m, nil
}

// updateMailbox writes a mailbox that has changed: once for a batch, however many events it holds for a hot client.
func (tx *tx) updateMailbox(m *mailbox) error {
	if !m.changed {
		return nil
	}
	st := tx.stmt("mailbox_update")
	return st.Int(m.Head).Int(m.Oldest).Int(m.Acked).Time(m.usedAt).Int(m.id).Run()
}
