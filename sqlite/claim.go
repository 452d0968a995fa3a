package sqlite

import (
	"bytes"
	"context"
	"slices"

	"github.com/lastcall-dev/lastcall"
)

// Claim starts runs of queued tasks. Finding nothing costs no commit: a transaction that wrote nothing has nothing to
// wait for.
func (s *Store) Claim(ctx context.Context, c lastcall.Claim) (out []lastcall.Task, err error) {
	err = s.write(ctx, "claim", c.Max*rowBytes, func(tx *tx) (err error) {
		out, err = tx.claim(&c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// wish is what a claim or a lease may take.
type wish struct {
	want     []lastcall.Want
	max      int
	suspects int
	queues   []string // no others; empty: every queue
}

// candidate is a task at the head of its line.
type candidate struct {
	id      taskID
	key     int64
	want    int // its place in wish.want
	suspect bool
}

// claim starts the first of all that is wanted. It reads and starts in one transaction of the only writer, so that nobody
// can take a task that it has picked (G3).
func (tx *tx) claim(c *lastcall.Claim) ([]lastcall.Task, error) {
	if err := tx.checkJoined(c.Incarnation); err != nil {
		return nil, err
	}
	w := wish{want: c.Want, max: c.Max, suspects: c.Suspects}
	heads, err := tx.inOrder(&w)
	if err != nil {
		return nil, err
	}
	picked := pick(heads, &w)
	tasks := make([]lastcall.Task, 0, len(picked))
	for _, p := range picked {
		r, err := tx.startRun(p.id, c.Incarnation, c.Node)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, r.Task)
	}
	return tasks, nil
}

// inOrder merges the heads of all lines that are wanted, in the order of service.
//
// From each line it reads as many as may be taken in all, as they may come before those of every other line. The index
// alone is read for that; rows are read of those that are started.
func (tx *tx) inOrder(w *wish) (heads []candidate, err error) {
	if w.max <= 0 {
		return nil, nil
	}
	for i := range w.want {
		if heads, err = tx.heads(heads, w, i); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(heads, func(a, b candidate) int {
		if a.key != b.key {
			return int(min(max(a.key-b.key, -1), 1))
		}
		return bytes.Compare(a.id[:], b.id[:])
	})
	return heads, nil
}

// pick takes the first of heads that all three limits leave room for.
func pick(heads []candidate, w *wish) []candidate {
	picked := make([]candidate, 0, min(len(heads), w.max))
	suspects := w.suspects
	room := make([]int, len(w.want))
	for i := range w.want {
		room[i] = w.want[i].Max
	}
	for i, h := range heads {
		if len(picked) == w.max {
			break
		}
		twice := i > 0 && heads[i-1].id == h.id // a type that is wanted twice
		if twice || room[h.want] <= 0 || (h.suspect && suspects <= 0) {
			continue
		}
		room[h.want]--
		if h.suspect {
			suspects--
		}
		picked = append(picked, h)
	}
	return picked
}

// startRun starts a run of a task.
func (tx *tx) startRun(id taskID, owner, node string) (*row, error) {
	r, err := tx.getTask(id)
	if err != nil {
		return nil, err
	}
	was := *r
	r.Start(owner, node, tx.now)
	if err := tx.dropLog(r); err != nil {
		return nil, err
	}
	return r, tx.change(&was, r, nil)
}
