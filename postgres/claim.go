package postgres

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/order"
)

// Claim starts runs of queued tasks: a look at the heads of the lines, without a lock, and a statement that takes from
// each line as many as the look says, passing over what somebody else is about to take. It is a transaction by itself,
// and locks the incarnation's row: whoever declares it dead comes before and is seen, or after and finds the runs (G3).
func (s *Store) Claim(ctx context.Context, c lastcall.Claim) ([]lastcall.Task, error) {
	w := &wish{
		incarnation: c.Incarnation, Wish: order.Wish{Want: storableTypes(c.Want), Max: c.Max, Suspects: c.Suspects},
	}
	rows, err := s.take(ctx, "claim", w, func(ctx context.Context, conn *pgx.Conn, p *picked) ([]*row, error) {
		return s.startRuns(ctx, conn, "claim_start", c.Incarnation, c.Node, p.types, p.queues, p.suspects, p.most)
	})
	out := make([]lastcall.Task, len(rows))
	for i, r := range rows {
		out[i] = r.Task
	}
	return out, err
}

// picked is how many to take from each line, as columns.
type picked struct {
	types, queues array[string]
	suspects      array[bool]
	most          array[int32]
	n             int
}

func (w *wish) columns(heads []order.Head) *picked {
	type stand struct { // a line
		want    int
		queue   string
		suspect bool
	}
	lines := map[stand]int32{}
	for _, h := range heads {
		lines[stand{h.Want, h.Queue, h.Suspect}]++
	}
	p := &picked{n: len(heads)}
	for l, n := range lines {
		p.types, p.queues = append(p.types, w.Want[l.want].Type), append(p.queues, l.queue)
		p.suspects, p.most = append(p.suspects, l.suspect), append(p.most, n)
	}
	return p
}

// starter starts what was picked, and returns the rows of what it got.
type starter func(context.Context, *pgx.Conn, *picked) ([]*row, error)

// takeRounds bounds how often a claim looks again when others took what it had seen.
const takeRounds = 10

// take looks and starts until it has what it wished for or there is no more, and returns the started rows in the order of
// service, those too that it had got before it failed.
func (s *Store) take(ctx context.Context, verb string, w *wish, start starter) ([]*row, error) {
	var all []*row
	lend := s.withConn
	if w.incarnation == "" { // workers outside ask at will, a node once at a time
		lend = s.inTurn
	}
	err := lend(ctx, writeTimeout, func(ctx context.Context, c *pgx.Conn) error {
		for range takeRounds {
			rows, more, err := s.takeOnce(ctx, c, w, start)
			all = append(all, rows...)
			if !more || err != nil {
				return err
			}
		}
		return nil
	})
	// What an earlier round has taken is the caller's, whatever befell the last one, whose fate may be unknown.
	slices.SortFunc(all, func(a, b *row) int {
		return cmp.Or(a.OrderKey().Compare(b.OrderKey()), bytes.Compare(a.id[:], b.id[:]))
	})
	return all, wrap(verb, err)
}

// takeOnce is a look and a start. More is true when it has got less than it saw.
func (s *Store) takeOnce(ctx context.Context, c *pgx.Conn, w *wish, start starter) (rows []*row, more bool, err error) {
	behind := make([]string, len(w.Want))
	around := true // the walks begin with the first queue
	for i, t := range w.Want {
		behind[i] = s.turns.of(t.Type)
		around = around && behind[i] == ""
	}
	seen, err := s.look(ctx, c, w, behind)
	if err != nil {
		return nil, false, err
	}
	if w.incarnation != "" && !seen.joined {
		return nil, false, errNotJoined()
	}
	for i, t := range w.Want {
		s.turns.set(t.Type, seen.ends[i])
	}
	heads := w.Pick(seen.heads)
	if len(heads) == 0 {
		return nil, !around || slices.ContainsFunc(seen.ends, func(q string) bool { return q != "" }), nil
	}
	p := w.columns(heads)
	if rows, err = start(ctx, c, p); err != nil {
		return nil, false, err
	}
	w.less(rows)
	return rows, len(rows) < p.n, nil
}

// less takes what was got off the wish.
func (w *wish) less(rows []*row) {
	w.Max -= len(rows)
	if w.Alone && len(rows) > 0 {
		w.Suspects = 0 // it would have company
	}
	for _, r := range rows {
		if r.Suspect() {
			w.Suspects--
		}
		if i := slices.IndexFunc(w.Want, func(t lastcall.Want) bool { return t.Type == r.Type }); i >= 0 {
			w.Want[i].Max--
		}
	}
}

// startRuns runs a statement that starts tasks and returns when their leases end, if they have some, and their rows. It tells
// those who watch.
func (s *Store) startRuns(ctx context.Context, c *pgx.Conn, query string, args ...any) ([]*row, error) {
	began := time.Now()
	var rows []*row
	b := &pgx.Batch{}
	if s.pooled {
		b.Queue(s.sql["bounds"]) // a transaction with what follows, until the batch ends
	}
	b.Queue(s.sql[query], args...).Query(func(found pgx.Rows) error {
		var until *time.Time
		c := newTaskScan(&until)
		for found.Next() {
			r, err := c.next(found)
			if err != nil {
				return err
			}
			r.leased = utc(until)
			rows = append(rows, r)
		}
		return found.Err()
	})
	if err := c.SendBatch(ctx, b).Close(); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, nil
	}
	s.committed(1, time.Since(began))
	moved := make([]lastcall.Hint, len(rows))
	for i, r := range rows {
		moved[i] = r.HintStarted()
	}
	s.hints.Publish(moved)
	return rows, nil
}
