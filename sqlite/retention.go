package sqlite

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/lastcall-dev/lastcall"
)

const (
	// walkRows is how many rows a sweep looks at, of tasks and of mailboxes each, for some that are past their
	// retention. A million waiting tasks are walked past in a hundred sweeps.
	walkRows = 10_000
	// mailboxKept is how long a mailbox without events is kept for a client that has not been here. The counter
	// outlives the events, so that a client that comes back learns what it missed; this bounds for how long.
	mailboxKept = 90 * 24 * time.Hour
)

// walk is how far retention has come: each sweep goes on behind the last one and begins again at the end. There is no
// index by the time of the end, which every settle would have to pay for.
type walk struct {
	task    taskID
	mailbox int64
}

// old is what a reader has found to be past its retention. The writer looks again before it deletes.
type old struct {
	tasks        []taskID
	mailboxes    []string  // whose oldest event is past its retention
	unused       []string  // that go altogether
	eventsBefore time.Time // the end of the events' retention
	more         bool      // the limit was reached before the walk's next stop
}

// findOld looks at the next portion of tasks and mailboxes.
func (s *Store) findOld(ctx context.Context, sw *lastcall.Sweep) (*old, error) {
	s.mu.Lock()
	at := s.walk
	s.mu.Unlock()
	now := now()
	o := &old{eventsBefore: now.Add(-sw.KeepEvents)}
	err := s.read(ctx, "retention", func(v view) (err error) {
		if at.task, err = v.findOldTasks(o, at.task, now.Add(-sw.KeepTasks), sw.Limit); err != nil {
			return err
		}
		at.mailbox, err = v.findOldMailboxes(o, at.mailbox, now.Add(-mailboxKept), sw.Limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.walk = at
	s.mu.Unlock()
	return o, nil
}

// findOldTasks finds tasks that ended before a time. It returns where the walk goes on, zero at its end. Who was
// submitted later cannot have ended earlier, so that the walk ends there.
func (v view) findOldTasks(o *old, behind taskID, ended time.Time, limit int) (next taskID, err error) {
	st, err := v.stmt("finished_walk")
	if err != nil {
		return next, err
	}
	defer st.Reset()
	end := firstID(ended.Add(time.Millisecond))
	st.Bytes(behind[:]).Bytes(end[:]).Int(walkRows)
	for range walkRows {
		found, err := st.Step()
		if !found || err != nil {
			return taskID{}, err
		}
		st.ColCopy(0, next[:])
		if st.ColNull(1) || !st.ColTime(1).Before(ended) {
			continue
		}
		o.tasks = append(o.tasks, next)
		if len(o.tasks) == limit {
			o.more = true
			return next, nil
		}
	}
	return next, nil
}

// firstID is the smallest id that a task of that time can have.
func firstID(t time.Time) (id taskID) {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(t.UnixMilli(), 0))<<16)
	copy(id[:], ms[:6])
	return id
}

// findOldMailboxes finds mailboxes to thin out or to forget, and returns where the walk goes on.
func (v view) findOldMailboxes(o *old, behind int64, unused time.Time, limit int) (next int64, err error) {
	st, err := v.stmt("mailboxes_walk")
	if err != nil {
		return 0, err
	}
	defer st.Reset()
	st.Int(behind).Int(walkRows)
	for range walkRows {
		found, err := st.Step()
		if !found || err != nil {
			return 0, err
		}
		next = st.ColInt(0)
		switch empty := st.ColNull(3); {
		case !empty && st.ColTime(3).Before(o.eventsBefore):
			o.mailboxes = append(o.mailboxes, st.ColText(1))
		case empty && st.ColTime(2).Before(unused):
			o.unused = append(o.unused, st.ColText(1))
		}
		if len(o.mailboxes)+len(o.unused) == limit {
			o.more = true
			return next, nil
		}
	}
	return next, nil
}

// forget deletes what findOld has found, at most limit rows of each kind, and counts tasks and events.
func (tx *tx) forget(o *old, limit int) (int, error) {
	tasks, err := tx.forgetTasks(o.tasks)
	if err != nil {
		return 0, err
	}
	events, err := tx.forgetEvents(o, limit)
	if err != nil {
		return 0, err
	}
	if err := tx.forgetUnused(o.unused); err != nil {
		return 0, err
	}
	if err := tx.forgetKeys(limit); err != nil {
		return 0, err
	}
	st, err := tx.stmt("nodes_forget")
	if err != nil {
		return 0, err
	}
	return tasks + events, st.Time(tx.now.Add(-nodeKept)).Run()
}

func (tx *tx) forgetTasks(ids []taskID) (n int, err error) {
	for _, id := range ids {
		st, err := tx.stmt("task_delete")
		if err != nil {
			return n, err
		}
		there, err := st.Bytes(id[:]).Step()
		parts := there && st.ColBool(0)
		st.Reset()
		if err != nil {
			return n, err
		}
		if there {
			n++
		}
		if !parts {
			continue
		}
		if st, err = tx.stmt("parts_delete"); err != nil {
			return n, err
		}
		if err := st.Bytes(id[:]).Run(); err != nil {
			return n, err
		}
	}
	return n, nil
}

// forgetEvents deletes the first events of mailboxes, as far as they are past their retention.
func (tx *tx) forgetEvents(o *old, limit int) (n int, err error) {
	for _, client := range o.mailboxes {
		if n >= limit {
			o.more = true
			return n, nil
		}
		m, err := tx.mailbox(client)
		if err != nil {
			return n, err
		}
		if m == nil {
			continue
		}
		gone, err := tx.thinOut(m, o.eventsBefore, limit-n)
		if err != nil {
			return n, err
		}
		n += gone
	}
	o.more = o.more || n >= limit
	return n, nil
}

// thinOut deletes the first events of a mailbox that are older than before, at most limit, and counts them.
func (tx *tx) thinOut(m *mailbox, before time.Time, limit int) (n int, err error) {
	st, err := tx.stmt("events_age")
	if err != nil {
		return 0, err
	}
	defer st.Reset()
	st.Int(m.id).Int(int64(limit))
	last := int64(0)
	for {
		found, err := st.Step()
		if err != nil {
			return 0, err
		}
		if !found || !st.ColTime(1).Before(before) {
			break
		}
		last = st.ColInt(0)
		n++
	}
	if n == 0 {
		return 0, nil
	}
	del, err := tx.stmt("events_delete")
	if err != nil {
		return 0, err
	}
	m.Oldest, m.changed = last+1, true
	return n, del.Int(m.id).Int(last).Run()
}

// forgetUnused deletes mailboxes without events whose clients have long not been here.
func (tx *tx) forgetUnused(clients []string) error {
	for _, client := range clients {
		m, err := tx.mailbox(client)
		if err != nil {
			return err
		}
		if m == nil || m.Oldest <= m.Head || tx.now.Sub(m.usedAt) < mailboxKept {
			continue
		}
		st, err := tx.stmt("mailbox_delete")
		if err != nil {
			return err
		}
		if err := st.Int(m.id).Run(); err != nil {
			return err
		}
		delete(tx.mailboxes, client)
	}
	return nil
}

// forgetKeys deletes idempotency keys that are past their window.
func (tx *tx) forgetKeys(limit int) error {
	st, err := tx.stmt("keys_old")
	if err != nil {
		return err
	}
	type name struct{ scope, key string }
	var names []name
	st.Time(tx.now.Add(-lastcall.IdempotencyWindow)).Int(int64(limit))
	err = each(st, func() error { names = append(names, name{st.ColText(0), st.ColText(1)}); return nil })
	if err != nil {
		return err
	}
	for _, n := range names {
		st, err := tx.stmt("key_delete")
		if err != nil {
			return err
		}
		if err := st.Text(n.scope).Text(n.key).Run(); err != nil {
			return err
		}
	}
	return nil
}
