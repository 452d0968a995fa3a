package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// writeBatch writes a batch in one transaction; each call then has its answer in err. What one call wants to write may
// be what no database takes, or somebody may hold what it is to change. That must not cost the others their commit: a
// batch that fails on account of its contents is written again in halves, until the call stands alone and gets the error.
func (s *Store) writeBatch(calls []*call) { s.writeHalves(calls, false) }

// writeHalves is writeBatch. Hurry is for those that have waited for a lock already: whoever holds it for so long goes on
// doing so, and behind the halves waits the lane.
func (s *Store) writeHalves(calls []*call, hurry bool) {
	err := s.writeCalls(calls, hurry)
	switch {
	case err == nil:
	case len(calls) == 1 || isDown(err) && !isHeld(err):
		for _, c := range calls {
			c.err = err
		}
	default:
		half, hurry := len(calls)/2, hurry || isHeld(err)
		s.writeHalves(calls[:half], hurry)
		s.writeHalves(calls[half:], hurry)
	}
}

// writeCalls makes a transaction of calls. Whatever becomes of their contexts, it is bounded by itself.
func (s *Store) writeCalls(calls []*call, hurry bool) error {
	lock := func(tx *tx, b *pgx.Batch) {
		if hurry {
			tx.queuePatience(b, 100*time.Millisecond)
		}
		tx.queueLocks(b, calls)
	}
	return s.change(context.Background(), len(calls), lock, func(_ context.Context, tx *tx) error {
		for _, c := range calls {
			tx.apply(c)
		}
		return nil
	})
}

// apply applies the rules to one call. An error is that caller's answer alone: it was found before the call changed
// anything.
func (tx *tx) apply(c *call) { c.err = c.fn(tx) }

// queueLocks locks and looks up what the calls need, each kind once.
func (tx *tx) queueLocks(b *pgx.Batch, calls []*call) {
	var (
		tasks, mail      []taskID
		clients, holders []string
		whole            bool
	)
	for _, c := range calls {
		if c.task != (taskID{}) {
			tasks = append(tasks, c.task)
			if !c.quiet {
				mail = append(mail, c.task)
			}
		}
		if c.client != "" {
			clients = append(clients, c.client)
		}
		if c.holder != "" {
			holders = append(holders, c.holder)
		}
		whole = whole || c.whole
	}
	tx.queueTasks(b, tasks, whole)
	tx.queueLeases(b, holders)
	tx.queueKeys(b, calls)
	tx.queueMail(b, mail, clients)
}
