package sqlite

import (
	"context"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// oldestRows bounds how many rows Queues looks at for OldestQueued, over all lines. Lines are in the order of service:
// the longest waiting task is found for certain in a line of no more than its share, and in a longer one unless tasks
// of higher priority fill that share.
const oldestRows = 2000

// Queues counts what waits and runs, queue by queue.
func (s *Store) Queues(ctx context.Context) (out []lastcall.Queue, err error) {
	err = s.read(ctx, "queues", func(v view) error {
		if out, err = v.queueCounts(); err != nil {
			return err
		}
		oldest, err := v.oldestQueued()
		if err != nil {
			return err
		}
		for i := range out {
			if at, ok := oldest[out[i].Name]; ok {
				out[i].OldestQueued = max(now().Sub(at), 0)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (v view) queueCounts() (out []lastcall.Queue, err error) {
	st := v.stmt("queues")
	err = each(st, func() error {
		out = append(out, scanQueue(st))
		return nil
	})
	return out, err
}

func scanQueue(st *sqlite3.Stmt) lastcall.Queue {
	return lastcall.Queue{
		Name: st.ColText(0), Paused: st.ColBool(1),
		Scheduled: st.ColInt(2), Queued: st.ColInt(3), Running: st.ColInt(4),
	}
}

// line is where the tasks of a type wait in a queue.
type line struct{ typ, queue string }

// oldestQueued finds for each queue when its longest waiting task became due. There is no index by that time, which
// every submit would have to pay for.
func (v view) oldestQueued() (map[string]time.Time, error) {
	lines, err := v.lines()
	if err != nil {
		return nil, err
	}
	oldest := map[string]time.Time{}
	for _, l := range lines {
		for suspect := range 2 {
			at, ok, err := v.oldestIn(l, suspect, max(oldestRows/(2*len(lines)), 1))
			if err != nil {
				return nil, err
			}
			if was, known := oldest[l.queue]; ok && (!known || at.Before(was)) {
				oldest[l.queue] = at
			}
		}
	}
	return oldest, nil
}

// lines lists the lines that are not empty, at most oldestRows of them.
func (v view) lines() (lines []line, err error) {
	var at line
	for len(lines) < oldestRows {
		st := v.stmt("ready_line")
		found, err := st.Text(at.typ).Text(at.queue).Step()
		if found {
			at = line{st.ColText(0), st.ColText(1)}
			lines = append(lines, at)
		}
		st.Reset()
		if !found || err != nil {
			return lines, err
		}
	}
	return lines, nil
}

func (v view) oldestIn(l line, suspect, limit int) (at time.Time, ok bool, err error) {
	st := v.stmt("ready_oldest")
	defer st.Reset()
	_, err = st.Text(l.typ).Text(l.queue).Int(int64(suspect)).Int(int64(limit)).Step()
	if err != nil || st.ColNull(0) {
		return at, false, err
	}
	return st.ColTime(0), true, nil
}
