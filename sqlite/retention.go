package sqlite

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/lastcall-dev/lastcall"
)

const (
	// walkRows is how many rows a sweep looks at, of tasks and of mailboxes each, for some that are past their
	// retention. A million tasks that have waited for longer than it are walked past in a thousand sweeps.
	walkRows = 1000
	// forgetMost is how many rows of a kind a sweep forgets, whatever more it may. Sweeps follow each other for as long as
	// there is more to forget, each a part of one batch, and everybody else's calls come with it or after it: this is
	// what they wait longer, about a millisecond. It makes some ten thousand rows a second all the same.
	forgetMost = 100
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
	unused       []string  // mailboxes that go altogether
	queues       []string  // that have long been empty
	eventsBefore time.Time // the end of the events' retention
	limit        int       // rows of each kind
	more         bool      // this portion held some and did not reach the end
}

// findOld looks at the next portion of tasks and mailboxes.
func (s *Store) findOld(ctx context.Context, sw *lastcall.Sweep) (*old, error) {
	if s.clock.Doubtful(time.Now()) {
		return &old{}, nil
	}
	s.mu.Lock()
	at := s.walk
	s.mu.Unlock()
	now := now()
	o := &old{eventsBefore: now.Add(-sw.KeepEvents), limit: min(sw.Limit, forgetMost)}
	err := s.read(ctx, "retention", func(v view) (err error) {
		if at.task, err = v.findOldTasks(o, at.task, now.Add(-sw.KeepTasks)); err != nil {
			return err
		}
		if at.mailbox, err = v.findOldMailboxes(o, at.mailbox, now.Add(-lastcall.MailboxKept)); err != nil {
			return err
		}
		return v.findUnusedQueues(o, now.Add(-lastcall.QueueKept))
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
func (v view) findOldTasks(o *old, behind taskID, ended time.Time) (next taskID, err error) {
	st := v.stmt("finished_walk")
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
		if len(o.tasks) == o.limit {
			break
		}
	}
	o.more = o.more || len(o.tasks) > 0
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
func (v view) findOldMailboxes(o *old, behind int64, unused time.Time) (next int64, err error) {
	st := v.stmt("mailboxes_walk")
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
		if len(o.mailboxes)+len(o.unused) == o.limit {
			break
		}
	}
	o.more = o.more || len(o.mailboxes)+len(o.unused) > 0
	return next, nil
}

// findUnusedQueues finds queues that have long been empty. There are as many as names that somebody thought of.
func (v view) findUnusedQueues(o *old, unused time.Time) error {
	st := v.stmt("queues_unused").Time(unused).Int(int64(o.limit))
	return each(st, func() error { o.queues = append(o.queues, st.ColText(0)); return nil })
}
