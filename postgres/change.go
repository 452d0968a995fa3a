package postgres

import (
	"time"

	"github.com/lastcall-dev/lastcall"
)

// touch keeps what a row was before the transaction changed it for the first time.
func (tx *tx) touch(r, before *row) {
	if r.was == nil {
		was := *before
		r.was = &was
		tx.touched = append(tx.touched, r)
	}
}

// move makes of a row what by says.
func (tx *tx) move(r *row, by func(*lastcall.Task, time.Time) *lastcall.Event) {
	before := *r
	ev := by(&r.Task, tx.now)
	tx.touch(r, &before)
	tx.changed(&before.Task, r, ev)
}

// changed notes what has become of a row since before: its event if there is one, the counts of its queue, and hints.
func (tx *tx) changed(before *lastcall.Task, r *row, ev *lastcall.Event) {
	if ev != nil {
		tx.appendEvent(r, ev)
	}
	tx.count(r.Queue, before.Status, r.Status)
	tx.hints = lastcall.AppendHints(tx.hints, before, &r.Task, ev)
}

// hintProgress tells those who watch how far a run is.
func (tx *tx) hintProgress(r *row) error {
	h, err := r.HintProgress()
	if err != nil {
		return err
	}
	tx.hint(h)
	return nil
}
