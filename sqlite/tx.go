package sqlite

import (
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
	"github.com/lastcall-dev/lastcall/watch"
)

// tx is the transaction of a batch. What many calls of a batch change over and over (the head of a hot mailbox, the
// counts of a queue) is kept here and written once, by flush.
type tx struct {
	view
	now  time.Time // of the call that is being applied
	mint *minter

	mailboxes map[string]*mailbox // by client, as this transaction has them
	counts    map[string]*counts  // by queue, what has been added
	paused    map[string]bool     // queues that are; nil: not read yet

	turn map[string]string // by type, the queue where the next claim goes on (line.go); outlives the transaction

	watched bool // somebody wants hints
	hints   []lastcall.Hint
}

// counts are changes of the numbers of a queue's tasks.
type counts struct{ scheduled, queued, running int64 }

func newTx() tx {
	return tx{mint: newMinter(), mailboxes: map[string]*mailbox{}, counts: map[string]*counts{}, turn: map[string]string{}}
}

// reset forgets the transaction before.
func (tx *tx) reset(c *sqlite3.Conn, watched bool) {
	tx.view = view{c}
	clear(tx.mailboxes)
	clear(tx.counts)
	tx.paused = nil
	tx.watched = watched
	if clear(tx.hints); cap(tx.hints) <= watch.Buffer { // of more, watchers are told no single one
		tx.hints = tx.hints[:0]
	} else {
		tx.hints = nil
	}
}

// flush writes what was kept back.
func (tx *tx) flush() error {
	for _, m := range tx.mailboxes {
		if err := tx.updateMailbox(m); err != nil {
			return err
		}
	}
	for queue, n := range tx.counts {
		if err := tx.writeCounts(queue, n); err != nil {
			return err
		}
	}
	return nil
}

// count notes that a task of the queue has gone from one status to another; "" is outside.
func (tx *tx) count(queue string, from, to lastcall.Status) {
	if from == to {
		return
	}
	n := tx.counts[queue]
	if n == nil {
		n = &counts{}
		tx.counts[queue] = n
	}
	n.add(from, -1)
	n.add(to, 1)
}

func (n *counts) add(s lastcall.Status, by int64) {
	switch s {
	case lastcall.Scheduled:
		n.scheduled += by
	case lastcall.Queued:
		n.queued += by
	case lastcall.Running:
		n.running += by
	default: // what has ended is not counted
	}
}

func (tx *tx) writeCounts(queue string, n *counts) error {
	st := tx.stmt("queue_count").Text(queue)
	return st.Int(n.scheduled).Int(n.queued).Int(n.running).Time(tx.now).Run()
}

// hint notes something for those who watch.
func (tx *tx) hint(h lastcall.Hint) {
	if tx.watched {
		tx.hints = append(tx.hints, h)
	}
}
