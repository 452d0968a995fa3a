package sqlite

import (
	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// change writes what has become of a task since it was read: its row and parts, the counts of its queue, its event if
// there is one, and hints.
func (tx *tx) change(was, r *row, ev *lastcall.Event) error {
	if ev != nil {
		if err := tx.appendEvent(r, ev); err != nil {
			return err
		}
	}
	if err := tx.updateTask(was, r); err != nil {
		return err
	}
	tx.count(r.Queue, was.Status, r.Status)
	if tx.watched {
		tx.hints = lastcall.AppendHints(tx.hints, &was.Task, &r.Task, ev)
	}
	return nil
}

// updateTask writes the columns that can change.
func (tx *tx) updateTask(was, r *row) error {
	var inline [partKinds][]byte // what stands in the row
	for _, part := range []int{partOutput, partError, partCheckpoint} {
		if r.parts&(1<<part) != 0 && r.keepsPart(was, part) {
			continue // it stands in task_parts and stays there
		}
		var err error
		if inline[part], err = tx.putPart(r, part); err != nil {
			return err
		}
	}
	progress, err := column.EncodeJSON(r.Progress, r.Progress == nil)
	if err != nil {
		return err
	}
	st := tx.stmt("task_update")
	st.Int(int64(column.Statuses.Number(r.Status))).Time(r.RunAt).Time(r.OrderKey())
	st.Int(r.Run).Int(int64(r.Attempt)).Int(int64(r.Crashes)).Bool(r.Suspect()).Int(int64(r.Interruptions))
	st.TimeOrNull(r.StartedAt).TimeOrNull(r.FinishedAt).TimeOrNull(r.CancelRequestedAt)
	st.TextOrNull(r.Owner).TextOrNull(r.Node).TextOrNull(r.LastOutcome).TextOrNull(string(progress))
	st.Int(r.parts).Bytes(inline[partError]).Bytes(inline[partOutput]).Bytes(inline[partCheckpoint])
	return st.Int(r.last).Bytes(r.id[:]).Run()
}

// keepsPart reports whether a part is what it was. That is seen without comparing it, as the rules of package lastcall
// replace parts and never write into them, and it holds for parts that were not even read, except for the checkpoint:
// a task that ends drops it.
func (r *row) keepsPart(was *row, part int) bool {
	switch part {
	case partOutput:
		return same(r.Output, was.Output)
	case partCheckpoint:
		return same(r.Checkpoint, was.Checkpoint) && !r.Status.Done()
	default:
		return r.Error == was.Error
	}
}

// same reports whether two slices are one.
func same(a, b []byte) bool {
	if len(a) != len(b) || (a == nil) != (b == nil) {
		return false
	}
	return len(a) == 0 || &a[0] == &b[0]
}

// putPart puts a part where its length says and keeps r.parts true. It returns what goes into the row.
func (tx *tx) putPart(r *row, part int) (inline []byte, err error) {
	data, err := r.part(part)
	if err != nil {
		return nil, err
	}
	bit := int64(1) << part
	if len(data) > partInline {
		st := tx.stmt("part_put")
		r.parts |= bit
		return nil, st.Bytes(r.id[:]).Int(int64(part)).Bytes(data).Run()
	}
	if r.parts&bit == 0 {
		return data, nil
	}
	st := tx.stmt("part_delete")
	r.parts &^= bit
	return data, st.Bytes(r.id[:]).Int(int64(part)).Run()
}
