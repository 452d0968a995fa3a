package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// row is a task with what the database says of it beyond the task itself.
type row struct {
	lastcall.Task
	id   taskID
	last int64 // place of its last event in its mailbox

	leased *time.Time // when the lease ends that it was just given

	// What follows is of a transaction that changes the row.

	was    *row // as it was read, once it has changed; nil for what is unchanged or new
	handed bool // somebody has been given its slices
}

// The parts of a task that may be long. They stand in its row, by TOAST away from it, and an update that leaves them
// alone does not copy them: a bit for each says whether it does not.
const (
	partOutput = 1 << iota
	partError
	partCheckpoint
)

// taskScan is what a row of the columns of task_get is read into. It is used again for the next row: a driver that is given
// pointers makes an allocation of each, and they are thirty.
type taskScan struct {
	row

	status                               int16
	timeout                              int64
	owner, node, outcome                 *string
	labels, progress, failure            []byte
	started, finished, expires, canceled *time.Time

	dest []any
}

// newTaskScan reads what stands before a task into front.
func newTaskScan(front ...any) *taskScan {
	c := &taskScan{}
	t := &c.Task
	c.dest = append(c.dest, front...)
	c.dest = append(c.dest, (*[16]byte)(&c.id), &t.CreatedAt, &t.RunAt, &t.Run, &c.timeout, &c.last,
		&c.started, &c.finished, &c.expires, &c.canceled,
		&t.Attempt, &t.MaxAttempts, &t.Crashes, &t.Interruptions, &c.status, &t.Priority,
		&t.Type, &t.Queue, &t.Client, &c.owner, &c.node, &t.RetryOf, &c.outcome,
		&c.labels, &c.progress, &c.failure, (*[]byte)(&t.Input), (*[]byte)(&t.Output), &t.Checkpoint)
	return c
}

// next reads a row. An error is the connection's, or a fault of the row.
func (c *taskScan) next(rows pgx.Row) (*row, error) {
	c.row = row{}
	if err := rows.Scan(c.dest...); err != nil {
		return nil, err
	}
	r := c.row
	t := &r.Task
	t.ID, t.Timeout = r.id.String(), time.Duration(c.timeout)
	t.CreatedAt, t.RunAt = t.CreatedAt.UTC(), t.RunAt.UTC()
	t.StartedAt, t.FinishedAt, t.ExpiresAt, t.CancelRequestedAt = utc(c.started), utc(c.finished), utc(c.expires), utc(c.canceled)
	t.Owner, t.Node, t.LastOutcome = value(c.owner), value(c.node), value(c.outcome)
	var err error
	t.Status, err = column.Statuses.At(int(c.status))
	err = errors.Join(err, column.DecodeJSON(c.labels, &t.Labels), column.DecodeJSON(c.progress, &t.Progress), r.setError(c.failure))
	if err != nil {
		return nil, fmt.Errorf("the row of task %s is damaged: %w", t.ID, err)
	}
	return &r, nil
}

// value is what p points to, "" for NULL.
func value(p *string) string {
	if p == nil {
		return ""
	}
	return *p
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

// collectTasks reads all rows.
func collectTasks(rows pgx.Rows, err error) ([]*row, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []*row
	c := newTaskScan()
	for rows.Next() {
		r, err := c.next(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// answer is the task for a caller, whose its slices and maps are from then on: of several calls in one transaction that
// are told of the same task each gets its own.
func (r *row) answer() lastcall.Task {
	t := r.Task
	if !r.handed {
		r.handed = true
		return t
	}
	t.Input, t.Output, t.Checkpoint = bytes.Clone(t.Input), bytes.Clone(t.Output), bytes.Clone(t.Checkpoint)
	t.Labels = maps.Clone(t.Labels)
	if t.Error != nil {
		e := *t.Error
		e.Detail = slices.Clone(e.Detail)
		t.Error = &e
	}
	if t.Progress != nil {
		p := *t.Progress
		t.Progress = &p
	}
	return t
}

// parts says which of the long parts an update must write: those that are not what they were. That is seen without
// comparing them, as the rules of package lastcall replace parts and never write into them, and it holds for parts that
// were not even read, except for the checkpoint: a task that ends drops it.
func (r *row) parts() (changed int16) {
	if !same(r.Output, r.was.Output) {
		changed |= partOutput
	}
	if r.Error != r.was.Error {
		changed |= partError
	}
	if !same(r.Checkpoint, r.was.Checkpoint) || r.Status.Done() {
		changed |= partCheckpoint
	}
	return changed
}

// same reports whether two slices are one.
func same(a, b []byte) bool {
	if len(a) != len(b) || (a == nil) != (b == nil) {
		return false
	}
	return len(a) == 0 || &a[0] == &b[0]
}
