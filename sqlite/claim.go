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

// candidate is a task at the head of its line.
type candidate struct {
	id      taskID
	key     int64
	want    int // its place in Claim.Want
	suspect bool
}

// claim merges the heads of all lines that are wanted, in the order of service, and starts the first of them. It reads
// and starts in one transaction of the only writer, so that nobody can take a task that it has picked (G3).
//
// From each line it reads as many as it may take in all, as they may come before those of every other line. The index
// alone is read for that; rows are read of those that are started.
func (tx *tx) claim(c *lastcall.Claim) ([]lastcall.Task, error) {
	if err := tx.checkJoined(c.Incarnation); err != nil {
		return nil, err
	}
	if c.Max <= 0 {
		return nil, nil
	}
	var heads []candidate
	for i, w := range c.Want {
		var err error
		if heads, err = tx.heads(heads, c, i, min(w.Max, c.Max)); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(heads, func(a, b candidate) int {
		if a.key != b.key {
			return int(min(max(a.key-b.key, -1), 1))
		}
		return bytes.Compare(a.id[:], b.id[:])
	})
	return tx.startRuns(c, pick(heads, c))
}

// pick takes the first of heads that all three limits leave room for.
func pick(heads []candidate, c *lastcall.Claim) []candidate {
	picked := make([]candidate, 0, min(len(heads), c.Max))
	suspects := c.Suspects
	room := make([]int, len(c.Want))
	for i, w := range c.Want {
		room[i] = w.Max
	}
	for i, h := range heads {
		if len(picked) == c.Max {
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

// startRuns starts a run of each task.
func (tx *tx) startRuns(c *lastcall.Claim, picked []candidate) ([]lastcall.Task, error) {
	tasks := make([]lastcall.Task, 0, len(picked))
	for _, p := range picked {
		r, err := tx.getTask(p.id)
		if err != nil {
			return nil, err
		}
		was := *r
		r.Start(c.Incarnation, c.Node, tx.now)
		if err := tx.dropLog(r); err != nil {
			return nil, err
		}
		if err := tx.change(&was, r, nil); err != nil {
			return nil, err
		}
		tasks = append(tasks, r.Task)
	}
	return tasks, nil
}
