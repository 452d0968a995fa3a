package sqlite

import (
	"errors"
	"fmt"
	"math/bits"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// The parts of a task that may be long. Those of more than partInline bytes stand in task_parts; a bit of parts says
// so for each. The numbers stand in the file.
const (
	partInput = iota
	partOutput
	partError
	partCheckpoint
	partLog // never in the row, and never read with it (log.go)
	partKinds
)

// partInline is how long a part may be to stand in the row. SQLite keeps up to 1002 bytes of a row of such a table on
// one page; what is longer hangs in pages of its own, which every change of the row writes again.
const partInline = 512

// row is a task with what the file says of it beyond the task itself.
type row struct {
	lastcall.Task
	id    taskID
	parts int64 // a bit for each part that stands in task_parts
	last  int64 // place of its last event in its mailbox (chain.go)
}

// getRow reads a task without the parts that stand elsewhere, which is enough to change its status. It fails with
// CodeNotFound where there is none.
func (v view) getRow(id taskID) (*row, error) {
	st := v.stmt("task_get")
	defer st.Reset()
	found, err := st.Bytes(id[:]).Step()
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errNoTask()
	}
	return scanTask(st)
}

// getTask reads a task, whole.
func (v view) getTask(id taskID) (*row, error) {
	r, err := v.getRow(id)
	if err != nil {
		return nil, err
	}
	return r, v.getParts(r)
}

// findTask is getTask by an id as callers write it.
func (v view) findTask(id string) (*row, error) {
	key, ok := column.ParseID(id)
	if !ok {
		return nil, errNoTask()
	}
	return v.getTask(key)
}

// scanTask reads the row that st stands at, in the order of the columns of task_get. Parts that stand elsewhere are
// left out. An error is a fault of the file.
func scanTask(st *sqlite3.Stmt) (*row, error) {
	r := &row{parts: st.ColInt(24), last: st.ColInt(29)}
	st.ColCopy(0, r.id[:])
	t := &r.Task
	status, err := column.Statuses.At(int(st.ColInt(1)))
	t.ID, t.Status = r.id.String(), status
	t.Type, t.Queue, t.Client = st.ColText(2), st.ColText(3), st.ColText(4)
	t.CreatedAt, t.RunAt, t.Priority = st.ColTime(5), st.ColTime(6), int(st.ColInt(7))
	t.Run, t.Attempt, t.MaxAttempts = st.ColInt(8), int(st.ColInt(9)), int(st.ColInt(10))
	t.Crashes, t.Interruptions = int(st.ColInt(11)), int(st.ColInt(12))
	t.Timeout = time.Duration(st.ColInt(13))
	t.StartedAt, t.FinishedAt = st.ColTimePtr(14), st.ColTimePtr(15)
	t.ExpiresAt, t.CancelRequestedAt = st.ColTimePtr(16), st.ColTimePtr(17)
	t.Owner, t.Node = st.ColText(18), st.ColText(19)
	if of := st.ColText(20); of != "" {
		t.RetryOf = &of
	}
	t.LastOutcome = st.ColText(21)
	err = errors.Join(err,
		column.DecodeJSON([]byte(st.ColText(22)), &t.Labels),
		column.DecodeJSON([]byte(st.ColText(23)), &t.Progress),
		r.setPart(partError, st.ColBytes(25)))
	t.Input, t.Output, t.Checkpoint = st.ColBytes(26), st.ColBytes(27), st.ColBytes(28)
	if err != nil {
		return nil, fmt.Errorf("the row of task %s is damaged: %w", t.ID, err)
	}
	return r, nil
}

// getParts reads the parts that do not stand in the row and belong to the task.
func (v view) getParts(r *row) error {
	for parts := r.parts &^ (1 << partLog); parts != 0; parts &= parts - 1 {
		part := bits.TrailingZeros64(uint64(parts))
		st := v.stmt("part_get")
		found, err := st.Bytes(r.id[:]).Int(int64(part)).Step()
		if err == nil && !found {
			err = fmt.Errorf("part %d of task %s is missing", part, r.ID)
		}
		if err == nil {
			err = r.setPart(part, st.ColBytes(0))
		}
		st.Reset()
		if err != nil {
			return err
		}
	}
	return nil
}

// part is a part as it is stored.
func (r *row) part(part int) ([]byte, error) {
	switch part {
	case partInput:
		return r.Input, nil
	case partOutput:
		return r.Output, nil
	case partCheckpoint:
		return r.Checkpoint, nil
	}
	return column.EncodeJSON(r.Error, r.Error == nil)
}

// setPart is the reverse of part.
func (r *row) setPart(part int, data []byte) error {
	switch part {
	case partInput:
		r.Input = data
	case partOutput:
		r.Output = data
	case partCheckpoint:
		r.Checkpoint = data
	case partError:
		return r.setError(data)
	default:
		return fmt.Errorf("there is no part %d", part)
	}
	return nil
}

// setError reads an error, whose detail, if there was none, is none again.
func (r *row) setError(data []byte) error {
	if err := column.DecodeJSON(data, &r.Error); err != nil || r.Error == nil {
		return err
	}
	if string(r.Error.Detail) == "null" {
		r.Error.Detail = nil
	}
	return nil
}
