package sqlite

import (
	"context"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// Log returns what the task's current or last run has written.
func (s *Store) Log(ctx context.Context, id string) (log []byte, err error) {
	err = s.read(ctx, "log", func(v view) error {
		key, ok := column.ParseID(id)
		if !ok {
			return errNoTask()
		}
		st := v.stmt("log_get").Int(partLog).Bytes(key[:])
		defer st.Reset()
		found, err := st.Step()
		if err == nil && !found {
			err = errNoTask()
		}
		log = st.ColBytes(0)
		return err
	})
	if err != nil {
		return nil, err
	}
	return log, nil
}

// putLog replaces the log, which always stands apart from the row: whoever reads a task does not want it. The caller
// writes r.parts.
func (tx *tx) putLog(r *row, log []byte) error {
	log = log[max(0, len(log)-lastcall.MaxLog):]
	if len(log) == 0 {
		return tx.dropLog(r)
	}
	r.parts |= 1 << partLog
	return tx.stmt("part_put").Bytes(r.id[:]).Int(partLog).Bytes(log).Run()
}

// dropLog removes the log of an earlier run, at no cost where there is none. The caller writes r.parts.
func (tx *tx) dropLog(r *row) error {
	if r.parts&(1<<partLog) == 0 {
		return nil
	}
	r.parts &^= 1 << partLog
	return tx.stmt("part_delete").Bytes(r.id[:]).Int(partLog).Run()
}
