package postgres

import (
	"context"
	"encoding/json"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// Settle records how a run ended. What becomes of the task is decided by Task.Settle, on the row as this transaction has
// locked it: of two that settle one run at once, the second sees what the first has made of it (G2, G3).
func (s *Store) Settle(ctx context.Context, o lastcall.Outcome) (out lastcall.Task, err error) {
	o.Wait = micros(o.Wait)
	if o.Error != nil && !json.Valid(o.Error.Detail) {
		e := *o.Error
		e.Detail = nil // as in the event
		o.Error = &e
	}
	size := 2*len(o.Output) + len(o.Checkpoint) + len(o.Log)
	err = s.doTask(ctx, "settle", o.Task, &call{whole: true, size: size, fn: func(tx *tx) error {
		r, err := tx.settle(&o)
		if err == nil {
			out = r.answer()
		}
		return err
	}})
	if err != nil {
		return lastcall.Task{}, err
	}
	return out, nil
}

func (tx *tx) settle(o *lastcall.Outcome) (*row, error) {
	id, _ := column.ParseID(o.Task) // which has found the row
	r, err := tx.row(id)
	if err != nil {
		return nil, err
	}
	before := *r
	ev, repeated, err := r.Settle(o, tx.now)
	if repeated || err != nil {
		return r, err
	}
	tx.touch(r, &before)
	if o.Log != nil {
		tx.putLog(r, o.Log)
	}
	tx.changed(&before.Task, r, ev)
	return r, nil
}

// Cancel asks for a task's end. One that waits ends here and now; of one that runs the node is told by a hint, and
// again by each of its beats.
func (s *Store) Cancel(ctx context.Context, id string) (out lastcall.Task, err error) {
	err = s.doTask(ctx, "cancel", id, &call{whole: true, fn: func(tx *tx) error {
		key, _ := column.ParseID(id)
		r, err := tx.row(key)
		if err != nil {
			return err
		}
		before := *r
		if ev, changed := r.Cancel(tx.now); changed {
			tx.touch(r, &before)
			tx.changed(&before.Task, r, ev)
		}
		out = r.answer()
		return nil
	}})
	if err != nil {
		return lastcall.Task{}, err
	}
	return out, nil
}

// Save keeps what a run wants to outlive it. The fence is looked at in the transaction that writes, so that a run whose
// task was taken from it leaves no checkpoint to the next (G3).
func (s *Store) Save(ctx context.Context, n lastcall.Note) error {
	size := len(n.Checkpoint) + len(n.Log)
	return s.doTask(ctx, "save", n.Task, &call{quiet: true, size: size, fn: func(tx *tx) error {
		_, err := tx.save(&n, func(r *row) bool { return true })
		return err
	}})
}

// save notes what the current run says, if it is also what holds says.
func (tx *tx) save(n *lastcall.Note, holds func(*row) bool) (*row, error) {
	id, _ := column.ParseID(n.Task)
	r, err := tx.row(id)
	if err != nil {
		return nil, err
	}
	if r.Status != lastcall.Running || r.Run != n.Run || !holds(r) {
		return nil, lastcall.Errorf(lastcall.CodeLeaseLost, "the run is no longer the current one")
	}
	before := *r
	if n.Checkpoint != nil {
		tx.touch(r, &before)
		r.Checkpoint = n.Checkpoint
	}
	if n.Log != nil {
		tx.putLog(r, n.Log)
	}
	if n.Progress == nil {
		return r, nil
	}
	tx.touch(r, &before)
	p := *n.Progress
	if p.At.IsZero() {
		p.At = tx.now
	}
	r.Progress = &p
	return r, tx.hintProgress(r)
}

// putLog replaces the log, which stands apart from the row: whoever reads a task does not want it.
func (tx *tx) putLog(r *row, log []byte) {
	log = log[max(0, len(log)-lastcall.MaxLog):]
	if len(log) == 0 {
		log = nil
	}
	tx.logs[r.id] = log
}
