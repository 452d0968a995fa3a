package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// pageRows is how many rows are looked at for a page.
const pageRows = 5000

// Task returns one task.
func (s *Store) Task(ctx context.Context, id string) (out lastcall.Task, err error) {
	err = s.read(ctx, "task", func(ctx context.Context, c *pgx.Conn) error {
		key, ok := column.ParseID(id)
		if !ok {
			return errNoTask()
		}
		r, err := newTaskScan().next(c.QueryRow(ctx, s.sql["task_get"], [16]byte(key)))
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoTask()
		}
		if err == nil {
			out = r.Task
		}
		return err
	})
	return out, err
}

// Log returns what the task's current or last run has written.
func (s *Store) Log(ctx context.Context, id string) (log []byte, err error) {
	err = s.read(ctx, "log", func(ctx context.Context, c *pgx.Conn) error {
		key, ok := column.ParseID(id)
		if !ok {
			return errNoTask()
		}
		err := c.QueryRow(ctx, s.sql["log_get"], [16]byte(key)).Scan(&log)
		if errors.Is(err, pgx.ErrNoRows) {
			return errNoTask()
		}
		return err
	})
	return log, err
}

// Tasks lists tasks, newest first.
func (s *Store) Tasks(ctx context.Context, f lastcall.Filter) (page lastcall.TaskPage, err error) {
	p := &pageRead{filter: &f}
	if p.before, err = column.ParsePageToken(f.Before); err != nil {
		return page, err
	}
	if f.Limit <= 0 {
		return page, nil
	}
	err = s.read(ctx, "tasks", func(ctx context.Context, c *pgx.Conn) (err error) {
		page, err = p.read(ctx, s, c)
		return err
	})
	if err != nil {
		return lastcall.TaskPage{}, err
	}
	return page, nil
}

// pageRead is a page on its way, from one snapshot.
type pageRead struct {
	filter *lastcall.Filter
	before taskID

	ids  []taskID // what the filter lets through, one more than wanted if there are so many
	last taskID   // the place where the next page begins
	more bool
}

func (p *pageRead) read(ctx context.Context, s *Store, c *pgx.Conn) (page lastcall.TaskPage, err error) {
	b := &pgx.Batch{}
	b.Queue(s.sql["snapshot"])
	var end []taskID
	if err := p.queue(b, s, &end); err != nil {
		return page, err
	}
	if err := c.SendBatch(ctx, b).Close(); err != nil {
		return page, err
	}
	p.cut(end)
	rows, err := p.tasks(ctx, s, c)
	if err != nil {
		return page, err
	}
	page.Tasks = make([]lastcall.Task, len(rows))
	for i, r := range rows {
		page.Tasks[i] = r.Task
	}
	if p.more {
		page.Next = column.PageToken(p.last)
	}
	return page, nil
}

// queue asks which tasks are on the page, and where what is looked at ends.
func (p *pageRead) queue(b *pgx.Batch, s *Store, end *[]taskID) error {
	f := p.filter
	labels, err := column.EncodeJSON(f.Labels, len(f.Labels) == 0)
	if err != nil {
		return err
	}
	var status []int16
	for _, st := range f.Status {
		status = append(status, int16(column.Statuses.Number(st)))
	}
	b.Queue(s.sql["page_ids"], [16]byte(p.before), pageRows, status, f.Type, f.Queue, f.Client, jsonText(labels), f.Limit+1).
		Query(func(rows pgx.Rows) error {
			var id [16]byte
			var above int64
			_, err := pgx.ForEachRow(rows, []any{&id, &above}, func() error {
				if above <= lastcall.PageBytes {
					p.ids = append(p.ids, id)
				} else {
					p.more = true
				}
				return nil
			})
			return err
		})
	b.Queue(s.sql["page_end"], [16]byte(p.before), pageRows-1).Query(func(rows pgx.Rows) error {
		all, err := pgx.CollectRows(rows, pgx.RowTo[[16]byte])
		for _, id := range all {
			*end = append(*end, id)
		}
		return err
	})
	return nil
}

// cut says where the page ends: behind its last task if more of them are known, else behind the last row that was looked
// at. That is the id of a row and not a number of rows, so that tasks that come or go meanwhile neither move others to a
// page that was already seen nor away from it.
func (p *pageRead) cut(end []taskID) {
	if len(p.ids) > p.filter.Limit {
		p.ids, p.more = p.ids[:p.filter.Limit], true
	}
	switch {
	case p.more:
		p.last = p.ids[len(p.ids)-1]
	case len(end) == 2:
		p.last, p.more = end[0], true
	}
}

// tasks reads the tasks of the page and ends the snapshot.
func (p *pageRead) tasks(ctx context.Context, s *Store, c *pgx.Conn) (rows []*row, err error) {
	b := &pgx.Batch{}
	if len(p.ids) > 0 {
		b.Queue(s.sql["page_tasks"], idArray(p.ids)).Query(func(r pgx.Rows) (err error) {
			rows, err = collectTasks(r, nil)
			return err
		})
	}
	b.Queue(s.sql["commit"])
	return rows, c.SendBatch(ctx, b).Close()
}
