package sqlite

import "github.com/lastcall-dev/lastcall"

// bury takes from the dead what they were running and marks them. It counts the tasks.
func (tx *tx) bury(found []dead, maxCrashes int) (tasks int, err error) {
	for _, d := range found {
		joined, err := tx.isJoined(d.incarnation)
		if err != nil {
			return tasks, err
		}
		if !joined { // by somebody else, between our look and our turn
			continue
		}
		n, err := tx.takeRuns(d.incarnation, func(running []*row) []*lastcall.Event {
			return crash(running, maxCrashes, tx)
		})
		if err != nil {
			return tasks, err
		}
		tasks += n
		if err := tx.endNode(d.incarnation, nodeDead); err != nil {
			return tasks, err
		}
	}
	return tasks, nil
}

// crash applies lastcall.Crashed to all of them together, as who is charged depends on their company.
func crash(running []*row, maxCrashes int, tx *tx) []*lastcall.Event {
	tasks := make([]*lastcall.Task, len(running))
	for i, r := range running {
		tasks[i] = &r.Task
	}
	return lastcall.Crashed(tasks, maxCrashes, tx.now)
}

// takeRuns takes all running tasks from an incarnation, as fn says, and counts them. They are as many as a node has
// slots, so that no limit is needed; what they carry is not needed to give them back, and is not read.
func (tx *tx) takeRuns(incarnation string, fn func([]*row) []*lastcall.Event) (int, error) {
	st := tx.stmt("runs_of")
	ids, err := listIDs(st.Text(incarnation))
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	was, rows := make([]row, len(ids)), make([]*row, len(ids))
	for i, id := range ids {
		if rows[i], err = tx.getRow(id); err != nil {
			return 0, err
		}
		was[i] = *rows[i]
	}
	for i, ev := range fn(rows) {
		if err := tx.change(&was[i], rows[i], ev); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}
