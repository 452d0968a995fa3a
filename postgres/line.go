package postgres

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

// claimQueues is how many queues a claim looks into for a type. Where there are more, claims take turns around them;
// the order of service then holds among those that a claim has looked into.
const claimQueues = 250

// wish is what a claim or a lease may take.
type wish struct {
	incarnation string // that must be joined; empty: nobody need be
	want        []lastcall.Want
	queues      []string // no others; empty: all
	max         int
	suspects    int
	alone       bool // a suspect goes alone, or waits
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

// line is where tasks wait: those of a type in a queue, the suspects among them in a line of their own.
type line struct {
	want    int // the type's place among what is wanted
	queue   string
	suspect bool
}

// candidate is a task at the head of its line.
type candidate struct {
	line
	id  taskID
	key int64
}

// sight is what a look at the lines has found.
type sight struct {
	joined bool        // the incarnation is
	heads  []candidate // in the order of service
	ends   []string    // by type wanted, the queue behind which there may be more lines
}

// look reads the heads of all lines that are wanted, without a lock. From the lines of a type it reads as many as it may
// take of the type, as they may come before all others.
func (s *Store) look(ctx context.Context, c *pgx.Conn, w *wish, behind []string) (sight, error) {
	seen := sight{ends: make([]string, len(w.want))}
	var types array[string]
	var most array[int32]
	for _, t := range w.want {
		types, most = append(types, t.Type), append(most, int32(max(min(t.Max, w.max), 0)))
	}
	rows, err := c.Query(ctx, s.sql["lines_look"], w.incarnation, types, array[string](behind), most,
		max(w.suspects, 0), append(array[string]{}, w.queues...), claimQueues)
	if err != nil {
		return seen, err
	}
	defer rows.Close()
	for rows.Next() {
		if err := seen.scan(rows); err != nil {
			return seen, err
		}
	}
	slices.SortFunc(seen.heads, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.key, b.key), bytes.Compare(a.id[:], b.id[:]))
	})
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
	l := line{want: *want - 1, queue: *queue, suspect: *suspect}
	seen.heads = append(seen.heads, candidate{line: l, id: *id, key: *key})
	return nil
}

// pick says how many to take from each line: the first of all heads that the three limits leave room for.
func (w *wish) pick(heads []candidate) map[line]int {
	if w.alone && len(heads) > 0 {
		if heads[0].suspect {
			w.max = 1
		} else {
			w.suspects = 0
		}
	}
	picked, n, suspects := map[line]int{}, 0, w.suspects
	room := make([]int, len(w.want))
	for i, t := range w.want {
		room[i] = t.Max
	}
	for i, h := range heads {
		if n == w.max {
			break
		}
		twice := i > 0 && heads[i-1].id == h.id // a type that is wanted twice
		if twice || room[h.want] <= 0 || (h.suspect && suspects <= 0) {
			continue
		}
		n++
		room[h.want]--
		if h.suspect {
			suspects--
		}
		picked[h.line]++
	}
	return picked
}
