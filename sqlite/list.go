package sqlite

import (
	"context"
	"slices"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// pageRows is how many rows are looked at for a page.
const pageRows = 5000

// Task returns one task.
func (s *Store) Task(ctx context.Context, id string) (out lastcall.Task, err error) {
	err = s.read(ctx, "task", func(v view) error {
		r, err := v.findTask(id)
		if err == nil {
			out = r.Task
		}
		return err
	})
	return out, err
}

// Tasks lists tasks, newest first.
func (s *Store) Tasks(ctx context.Context, f lastcall.Filter) (page lastcall.TaskPage, err error) {
	before, err := column.ParsePageToken(f.Before)
	if err != nil {
		return lastcall.TaskPage{}, err
	}
	err = s.read(ctx, "tasks", func(v view) (err error) {
		page, err = v.taskPage(&f, before)
		return err
	})
	if err != nil {
		return lastcall.TaskPage{}, err
	}
	return page, nil
}

// taskPage fills a page and says where the next one begins. That is the id of a row and not a number of rows, so that
// tasks that come or go meanwhile neither move others to a page that was already seen nor away from it.
func (v view) taskPage(f *lastcall.Filter, before taskID) (lastcall.TaskPage, error) {
	rows, last, more, err := v.scanPage(f, before)
	if err != nil {
		return lastcall.TaskPage{}, err
	}
	page := lastcall.TaskPage{Tasks: make([]lastcall.Task, 0, len(rows))}
	size := 0
	for _, r := range rows {
		if size > lastcall.PageBytes {
			break
		}
		if err := v.getParts(r); err != nil {
			return lastcall.TaskPage{}, err
		}
		size += len(r.Input) + len(r.Output) + len(r.Checkpoint)
		page.Tasks = append(page.Tasks, r.Task)
	}
	if cut := len(page.Tasks); cut < len(rows) {
		last, more = rows[cut-1].id, true
	}
	if more {
		page.Next = column.PageToken(last)
	}
	return page, nil
}

// scanPage looks for rows that the filter lets through. It returns them, the id of the last row it looked at, and
// whether there may be more behind that.
func (v view) scanPage(f *lastcall.Filter, before taskID) (rows []*row, last taskID, more bool, err error) {
	if f.Limit <= 0 {
		return nil, before, false, nil
	}
	st := v.stmt("task_page")
	defer st.Reset()
	st.Bytes(before[:]).Int(pageRows + 1) // one more than is looked at, which says whether there is more
	for range pageRows {
		found, err := st.Step()
		if !found || err != nil {
			return rows, last, false, err
		}
		if len(rows) == f.Limit {
			return rows, last, true, nil
		}
		st.ColCopy(0, last[:])
		if !glance(f, st) {
			continue
		}
		r, err := scanTask(st)
		if err != nil {
			return nil, last, false, err
		}
		if labelled(r.Labels, f.Labels) {
			rows = append(rows, r)
		}
	}
	return rows, last, true, nil
}

// glance decides by the columns at the front of a row, which is all that is read of most rows.
func glance(f *lastcall.Filter, st *sqlite3.Stmt) bool {
	status, _ := column.Statuses.At(int(st.ColInt(1)))
	return (len(f.Status) == 0 || slices.Contains(f.Status, status)) &&
		(f.Type == "" || st.ColEqual(2, f.Type)) &&
		(f.Queue == "" || st.ColEqual(3, f.Queue)) &&
		(f.Client == "" || st.ColEqual(4, f.Client))
}

// labelled reports whether a task has all the wanted labels.
func labelled(has, wanted map[string]string) bool {
	for k, v := range wanted {
		if got, ok := has[k]; !ok || got != v {
			return false
		}
	}
	return true
}
