package postgres

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

// tx is a transaction that changes tasks. It takes two round trips: the first begins it, locks what it will change and
// asks for the time; then the rules of package lastcall are applied to the rows, in memory; the second writes what has
// become of them, set by set, and commits. However many calls share it, the statements are as many.
//
// The order of locks is everybody's: tasks by id, then mailboxes by client (schema/0001_tables.sql).
type tx struct {
	s    *Store
	conn *pgx.Conn
	now  time.Time // by the database's clock, when all locks were held

	passing bool // what somebody holds is left to him (pass.go)

	// What was locked, or looked up.

	rows   map[taskID]*row
	boxes  map[string]*mailbox // by client
	first  map[keyName]*first
	leases map[string]*held // by holder

	// What is to be written.

	added   []*row
	touched []*row
	events  []event
	keys    []*first
	logs    map[taskID][]byte // nil: the log goes
	renewed []*held
	ended   []string // leases that go
	moves   map[string]*moves
	nodes   []endedNode
	missing []string // clients whose mailbox must be made first
	hints   []lastcall.Hint
}

// moves are changes of the numbers of a queue's tasks.
type moves struct{ scheduled, queued, running int32 }

var (
	errMissing = errors.New("a mailbox must be made first")
	errRepeat  = errors.New("others came first; look again")
)

// change makes a transaction of what lock queues for the first round trip and what apply makes of the rows, on a
// connection of its own, and tells those who watch. Both may be run more than once, each time as if for the first. Calls
// is how many share it. It returns once the commit is on stable storage (G1), or nothing was to be written, and in the
// time of one write however often it loses against others.
func (s *Store) change(ctx context.Context, calls int, lock func(*tx, *pgx.Batch), apply func(context.Context, *tx) error) error {
	return s.retry(ctx, func(ctx context.Context, c *pgx.Conn) error {
		tx := &tx{s: s, conn: c}
		return tx.run(ctx, calls, lock, apply)
	})
}

func (tx *tx) run(ctx context.Context, calls int, lock func(*tx, *pgx.Batch), apply func(context.Context, *tx) error) error {
	began := time.Now()
	tx.hints = make([]lastcall.Hint, 0, 2*calls) // an event and a state
	err := tx.begin(ctx, lock)
	if err == nil {
		err = apply(ctx, tx)
	}
	switch {
	case err != nil:
	case len(tx.missing) > 0:
		err = errMissing
	case tx.empty():
		err = errNothing
	default:
		err = tx.commit(ctx)
	}
	if err == nil {
		tx.s.committed(calls, time.Since(began))
		tx.s.hints.Publish(tx.hints)
		return nil
	}
	return tx.undo(ctx, err)
}

// begin is the first round trip. The time is asked for last, when whoever had the locks before has let go: what happens
// to a task never comes before what happened to it earlier.
func (tx *tx) begin(ctx context.Context, lock func(*tx, *pgx.Batch)) error {
	b := &pgx.Batch{}
	b.Queue(tx.s.sql["begin"])
	if tx.s.pooled {
		b.Queue(tx.s.sql["bounds"])
	}
	tx.reset()
	lock(tx, b)
	tx.queueClock(b)
	return tx.conn.SendBatch(ctx, b).Close()
}

// queuePatience says for how long the transaction waits for each lock from here on.
func (tx *tx) queuePatience(b *pgx.Batch, most time.Duration) {
	b.Queue(tx.s.sql["patience"], strconv.FormatInt(most.Milliseconds(), 10))
}

func (tx *tx) queueClock(b *pgx.Batch) {
	b.Queue(tx.s.sql["clock"]).QueryRow(func(r pgx.Row) error {
		err := r.Scan(&tx.now)
		tx.now = tx.now.UTC()
		return err
	})
}

func (tx *tx) reset() {
	tx.rows, tx.boxes = map[taskID]*row{}, map[string]*mailbox{}
	tx.moves, tx.logs = map[string]*moves{}, map[taskID][]byte{}
}

// undo rolls back and returns why, nil if that was for want of anything to write. Mailboxes that were missing are made
// by then, in a transaction of their own: here they would be locked out of order.
func (tx *tx) undo(ctx context.Context, err error) error {
	if !tx.conn.IsClosed() {
		if _, failed := tx.conn.Exec(ctx, tx.s.sql["rollback"]); failed != nil {
			err = errors.Join(err, failed)
		}
	}
	switch {
	case errors.Is(err, errNothing):
		return nil
	case errors.Is(err, errMissing):
		if err = tx.makeMailboxes(ctx); err == nil {
			err = errRepeat
		}
	}
	return err
}

// queueTasks locks tasks; whole reads what is long too.
func (tx *tx) queueTasks(b *pgx.Batch, ids []taskID, whole bool) {
	if len(ids) > 0 {
		b.Queue(tx.s.sql["tasks_lock"], idArray(ids), whole).Query(tx.keepRows)
	}
}

// keepRows takes the rows that a statement has locked.
func (tx *tx) keepRows(rows pgx.Rows) error {
	all, err := collectTasks(rows, nil)
	for _, r := range all {
		tx.rows[r.id] = r
	}
	return err
}

// sorted are the rows of the transaction, by id.
func (tx *tx) sorted() []*row {
	all := make([]*row, 0, len(tx.rows))
	for _, r := range tx.rows {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *row) int { return slices.Compare(a.id[:], b.id[:]) })
	return all
}

// row is a task that was locked, CodeNotFound where there is none.
func (tx *tx) row(id taskID) (*row, error) {
	if r := tx.rows[id]; r != nil {
		return r, nil
	}
	return nil, errNoTask()
}

// count notes that a task of the queue has gone from one status to another; "" is outside.
func (tx *tx) count(queue string, from, to lastcall.Status) {
	if from == to {
		return
	}
	m := tx.moves[queue]
	if m == nil {
		m = &moves{}
		tx.moves[queue] = m
	}
	m.add(from, -1)
	m.add(to, 1)
}

func (m *moves) add(s lastcall.Status, by int32) {
	switch s {
	case lastcall.Scheduled:
		m.scheduled += by
	case lastcall.Queued:
		m.queued += by
	case lastcall.Running:
		m.running += by
	default: // what has ended is not counted
	}
}

// hint notes something for those who watch.
func (tx *tx) hint(h lastcall.Hint) { tx.hints = append(tx.hints, h) }
