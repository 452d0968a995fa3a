package sqlite

import (
	"context"
	"encoding/json"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// Settle records how a run ended. What becomes of the task is decided by Task.Settle, on the row as this transaction
// finds it: of two that settle one run at once, the second sees what the first has made of it (G2, G3).
func (s *Store) Settle(ctx context.Context, o lastcall.Outcome) (out lastcall.Task, err error) {
	o.Wait = micros(o.Wait)
	if o.Error != nil && !json.Valid(o.Error.Detail) {
		e := *o.Error
		e.Detail = nil // as in the event
		o.Error = &e
	}
	size := rowBytes + 2*len(o.Output) + len(o.Checkpoint) + len(o.Log)
	err = s.write(ctx, "settle", size, func(tx *tx) error {
		r, err := tx.findTask(o.Task)
		if err != nil {
			return err
		}
		was := *r
		ev, repeated, err := r.Settle(&o, tx.now)
		if err != nil {
			return err
		}
		out = r.Task
		if repeated {
			return nil
		}
		if o.Log != nil {
			if err := tx.putLog(r, o.Log); err != nil {
				return err
			}
		}
		if o.Holder != "" {
			if err := tx.stmt("lease_delete").Text(o.Holder).Run(); err != nil {
				return err
			}
		}
		return tx.change(&was, r, ev)
	})
	if err != nil {
		return lastcall.Task{}, err
	}
	return out, nil
}

// Cancel asks for a task's end. One that waits ends here and now; of one that runs the node is told by a hint, and
// again by each of its beats.
func (s *Store) Cancel(ctx context.Context, id string) (out lastcall.Task, err error) {
	err = s.write(ctx, "cancel", rowBytes, func(tx *tx) error {
		r, err := tx.findTask(id)
		if err != nil {
			return err
		}
		was := *r
		if ev, changed := r.Cancel(tx.now); changed {
			err = tx.change(&was, r, ev)
		}
		out = r.Task
		return err
	})
	if err != nil {
		return lastcall.Task{}, err
	}
	return out, nil
}

// Save keeps what a run wants to outlive it. The fence is looked at in the transaction that writes, so that a run whose
// task was taken from it leaves no checkpoint to the next (G3).
func (s *Store) Save(ctx context.Context, n lastcall.Note) error {
	return s.write(ctx, "save", rowBytes+len(n.Checkpoint)+len(n.Log), func(tx *tx) error {
		id, ok := column.ParseID(n.Task)
		if !ok {
			return errNoTask()
		}
		r, err := tx.getRow(id)
		if err != nil {
			return err
		}
		if r.Status != lastcall.Running || r.Run != n.Run {
			return lastcall.Errorf(lastcall.CodeLeaseLost, "the run is no longer the current one")
		}
		return tx.save(r, &n)
	})
}

// save writes a note. It leaves out the columns that no note can change, and with them all indexes.
func (tx *tx) save(r *row, n *lastcall.Note) error {
	checkpoint := r.Checkpoint // what stands in the row; nil of one that stands elsewhere
	if n.Checkpoint != nil {
		r.Checkpoint = n.Checkpoint
		var err error
		if checkpoint, err = tx.putPart(r, partCheckpoint); err != nil {
			return err
		}
	}
	if n.Log != nil {
		if err := tx.putLog(r, n.Log); err != nil {
			return err
		}
	}
	if n.Progress != nil {
		p := *n.Progress
		if p.At.IsZero() {
			p.At = tx.now
		}
		r.Progress = &p
		if err := tx.hintProgress(r); err != nil {
			return err
		}
	}
	progress, err := column.EncodeJSON(r.Progress, r.Progress == nil)
	if err != nil {
		return err
	}
	st := tx.stmt("task_save")
	return st.TextOrNull(string(progress)).Int(r.parts).Bytes(checkpoint).Bytes(r.id[:]).Run()
}

// hintProgress tells those who watch how far a run is.
func (tx *tx) hintProgress(r *row) error {
	if !tx.watched {
		return nil
	}
	h, err := r.HintProgress()
	if err != nil {
		return err
	}
	tx.hint(h)
	return nil
}
