package postgres

import (
	"context"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/order"
)

// claimQueues is how many queues a claim looks into for a type. Where there are more, claims take turns around them;
// the order of service then holds among those that a claim has looked into.
const claimQueues = 250

// wish is what a claim or a lease may take.
type wish struct {
	order.Wish
	incarnation string // that must be joined; empty: nobody need be
}

// storableTypes leaves out types of which there can be no task.
func storableTypes(want []lastcall.Want) []lastcall.Want {
	return slices.DeleteFunc(slices.Clone(want), func(t lastcall.Want) bool { return !storable(t.Type) })
}

// turns is, by type, the queue behind which the next claim goes on; nothing where it begins with the first.
type turns struct {
	mu     sync.Mutex
	behind map[string]string
}

func (t *turns) of(typ string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.behind[typ]
}

func (t *turns) set(typ, behind string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if behind == "" {
		delete(t.behind, typ)
		return
	}
	if t.behind == nil {
		t.behind = map[string]string{}
	}
	t.behind[typ] = behind
}

// sight is what a look at the lines has found.
type sight struct {
	joined bool         // the incarnation is
	heads  []order.Head // in the order of service
	ends   []string     // by type wanted, the queue behind which there may be more lines
}

// look reads the heads of all lines that are wanted, without a lock. From the lines of a type it reads as many as it may
// take of the type, as they may come before all others.
func (s *Store) look(ctx context.Context, c *pgx.Conn, w *wish, behind []string) (sight, error) {
	seen := sight{ends: make([]string, len(w.Want))}
	var types array[string]
	var most array[int32]
	for i, t := range w.Want {
		types, most = append(types, t.Type), append(most, int32(w.Limit(i)))
	}
	rows, err := c.Query(ctx, s.sql["lines_look"], w.incarnation, types, array[string](behind), most,
		max(w.Suspects, 0), append(array[string]{}, w.Queues...), claimQueues)
	if err != nil {
		return seen, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := seen.scan(rows); err != nil {
			return seen, err
		}
	}
	order.Sort(seen.heads)
	return seen, rows.Err()
}

// scan reads a row: a head, the end of a walk, or nothing but whether the incarnation is joined.
func (seen *sight) scan(rows pgx.Rows) error {
	var (
		want    *int
		queue   *string
		suspect *bool
		id      *[16]byte
		key     *int64
	)
	if err := rows.Scan(&seen.joined, &want, &queue, &suspect, &id, &key); err != nil || want == nil {
		return err
	}
	if id == nil {
		seen.ends[*want-1] = *queue
		return nil
	}
	seen.heads = append(seen.heads, order.Head{ID: *id, Key: *key, Want: *want - 1, Queue: *queue, Suspect: *suspect})
	return nil
}
