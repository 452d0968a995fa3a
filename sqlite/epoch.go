package sqlite

import (
	"context"

	"github.com/lastcall-dev/lastcall"
)

var _ lastcall.EpochRenewer = (*Store)(nil)

// epochRows is how many mailboxes a transaction gives new epochs, so that those who serve meanwhile are not held up.
const epochRows = 500

// NewEpoch gives every mailbox a new epoch, in portions. Readers, here and in other processes, look at their mailboxes
// when they are told that anything may have moved, and find that theirs has begun anew.
func (s *Store) NewEpoch(ctx context.Context) (mailboxes int64, err error) {
	for last := int64(0); ; {
		var portion []int64
		err := s.write(ctx, "new epoch", epochRows*rowBytes, func(tx *tx) (err error) {
			portion, err = tx.renewEpochs(last)
			return err
		})
		if err != nil {
			return mailboxes, err
		}
		if mailboxes += int64(len(portion)); len(portion) < epochRows {
			return mailboxes, nil
		}
		last = portion[len(portion)-1]
	}
}

// renewEpochs gives the first mailboxes behind one a new epoch each, and returns their ids in order.
func (tx *tx) renewEpochs(behind int64) (ids []int64, err error) {
	var clients []string
	st := tx.stmt("mailboxes_behind").Int(behind).Int(epochRows)
	err = each(st, func() error {
		ids, clients = append(ids, st.ColInt(0)), append(clients, st.ColText(1))
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, client := range clients {
		m, err := tx.mailbox(client) // as this transaction has it: later calls of the batch see the new epoch
		if err != nil {
			return nil, err
		}
		m.Epoch = lastcall.NewEpoch()
		if err := tx.stmt("mailbox_epoch").Text(m.Epoch).Int(m.id).Run(); err != nil {
			return nil, err
		}
	}
	tx.hint(lastcall.Hint{})
	return ids, nil
}
