package sqlite

import (
	"context"
	"encoding/json"

	"github.com/lastcall-dev/lastcall"
)

// Settle records how a run ended.
func (s *Store) Settle(ctx context.Context, o lastcall.Outcome) (out lastcall.Task, err error) {
	o.Wait = micros(o.Wait)
	if o.Error != nil && !json.Valid(o.Error.Detail) {
		e := *o.Error
		e.Detail = nil // as in the event
		o.Error = &e
	}
	size := rowBytes + 2*len(o.Output) + len(o.Checkpoint)
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
		if !repeated {
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

// Cancel asks for a task's end.
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

// Save keeps what a run wants to outlive it.
func (s *Store) Save(ctx context.Context, n lastcall.Note) error {
	return s.write(ctx, "save", rowBytes+len(n.Checkpoint), func(tx *tx) error {
		id, ok := parseID(n.Task)
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

// save writes a note.
func (tx *tx) save(r *row, n *lastcall.Note) error {
	checkpoint := r.Checkpoint
	if n.Checkpoint != nil {
		r.Checkpoint = n.Checkpoint
		var err error
		if checkpoint, err = tx.putPart(r, partCheckpoint); err != nil {
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
	progress, err := encodeJSON(r.Progress, r.Progress == nil)
	if err != nil {
		return err
	}
	st := tx.stmt("task_save")
	return st.TextOrNull(progress).Int(r.parts).Bytes(checkpoint).Bytes(r.id[:]).Run()
}

// hintProgress tells those who watch how far a run is.
func (tx *tx) hintProgress(r *row) error {
	if !tx.watched {
		return nil
	}
	data, err := json.Marshal(struct {
		Percent float64 `json:"percent"`
		Message string  `json:"message,omitempty"`
	}{r.Progress.Percent, r.Progress.Message})
	if err != nil {
		return err
	}
	tx.hint(lastcall.Hint{Client: r.Client, Task: r.ID, State: stateOf(r, lastcall.TaskProgress, string(data))})
	return nil
}
