package postgres

import (
	"context"

	"github.com/lastcall-dev/lastcall"
)

// Submit writes tasks, all of them or none.
func (s *Store) Submit(ctx context.Context, subs []lastcall.Submission) (out []lastcall.Submitted, err error) {
	if len(subs) == 0 {
		return nil, nil
	}
	size := 0
	for i := range subs {
		size += rowBytes + len(subs[i].Input)
	}
	err = s.do(ctx, "submit", &call{subs: subs, size: size, fn: func(tx *tx) (err error) {
		out, err = tx.submit(subs)
		return err
	}})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// submit answers what is known and inserts the rest. All that can refuse the call comes first.
func (tx *tx) submit(subs []lastcall.Submission) ([]lastcall.Submitted, error) {
	if err := tx.checkKeys(subs); err != nil {
		return nil, err
	}
	out := make([]lastcall.Submitted, len(subs))
	for i := range subs {
		k := subs[i].Idempotency
		if f := tx.firstOf(k); f != nil {
			out[i] = lastcall.Submitted{Task: f.task.answer(), Replayed: true}
			continue
		}
		r := tx.insert(&subs[i])
		if k != nil {
			tx.putKey(k, r)
		}
		out[i].Task = r.answer()
	}
	return out, nil
}

// insert notes a new task. What a caller passed in stays the caller's, and so does what it gets: both are one here, and
// whoever else is answered with the task gets copies.
func (tx *tx) insert(s *lastcall.Submission) *row {
	sub := *s
	sub.Delay, sub.ExpiresIn = micros(sub.Delay), micros(sub.ExpiresIn)
	if sub.Client == "" {
		sub.Client = lastcall.DefaultClient
	}
	id := tx.s.mint.next(tx.now, hashOf(sub.Client))
	r := &row{id: id, Task: sub.NewTask(id.String(), tx.now)}
	if len(r.Labels) == 0 {
		r.Labels = nil // as it is read back
	}
	tx.added = append(tx.added, r)
	tx.count(r.Queue, "", r.Status)
	tx.hint(r.HintWaiting())
	return r
}
