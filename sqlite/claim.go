package sqlite

import (
	"bytes"
	"context"
	"slices"

	"github.com/lastcall-dev/lastcall"
)

// Claim starts runs of queued tasks.
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

// claim merges the heads of all lines that are wanted, in the order of service, and starts the first of them.
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
	picked := heads[:0]
	suspects := c.Suspects
	room := make([]int, len(c.Want))
	for i, w := range c.Want {
		room[i] = w.Max
	}
	for _, h := range heads {
		if len(picked) == c.Max {
			break
		}
		if room[h.want] <= 0 || (h.suspect && suspects <= 0) {
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

// heads appends the first tasks of each line of a wanted type, going from queue to queue by a seek for each.
func (tx *tx) heads(to []candidate, c *lastcall.Claim, want, limit int) ([]candidate, error) {
	if limit <= 0 {
		return to, nil
	}
	typ := c.Want[want].Type
	for queue := ""; ; {
		next, ok, err := tx.readyQueue(typ, queue)
		if !ok || err != nil {
			return to, err
		}
		queue = next
		paused, err := tx.isPaused(queue)
		if err != nil {
			return to, err
		}
		if paused {
			continue
		}
		if to, err = tx.line(to, candidate{want: want}, typ, queue, limit); err != nil {
			return to, err
		}
		if to, err = tx.line(to, candidate{want: want, suspect: true}, typ, queue, min(limit, c.Suspects)); err != nil {
			return to, err
		}
	}
}

// readyQueue is the first queue behind a given one that has a task of the type ready.
func (tx *tx) readyQueue(typ, behind string) (queue string, ok bool, err error) {
	st, err := tx.stmt("ready_queue")
	if err != nil {
		return "", false, err
	}
	defer st.Reset()
	ok, err = st.Text(typ).Text(behind).Step()
	if !ok || err != nil {
		return "", false, err
	}
	return st.ColText(0), true, nil
}

// line appends the head of a line.
func (tx *tx) line(to []candidate, c candidate, typ, queue string, limit int) ([]candidate, error) {
	if limit <= 0 {
		return to, nil
	}
	st, err := tx.stmt("ready_tasks")
	if err != nil {
		return to, err
	}
	st.Text(typ).Text(queue).Bool(c.suspect).Time(tx.now).Int(int64(limit))
	err = each(st, func() error {
		st.ColCopy(0, c.id[:])
		c.key = st.ColInt(1)
		to = append(to, c)
		return nil
	})
	return to, err
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
		if err := tx.change(&was, r, nil); err != nil {
			return nil, err
		}
		tasks = append(tasks, r.Task)
	}
	return tasks, nil
}
