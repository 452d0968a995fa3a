package postgres

import (
	"encoding/json"
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
	tx.hintChange(before, r, ev)
}

// hintChange says what moved. An event and a state are hints of their own: the first sends readers to the mailbox, the
// second is itself what they show.
func (tx *tx) hintChange(before *lastcall.Task, r *row, ev *lastcall.Event) {
	if ev != nil {
		tx.hint(lastcall.Hint{Client: r.Client, Task: r.ID})
	}
	switch {
	case r.Status == lastcall.Running && before.Status == lastcall.Running:
		tx.hint(lastcall.Hint{Task: r.ID, Canceled: r.CancelRequestedAt != nil && before.CancelRequestedAt == nil})
	case r.Status == lastcall.Running:
		tx.hint(hintOf(&r.Task, lastcall.TaskStarted, json.RawMessage("{}")))
	case !r.Status.Done():
		tx.hint(hintWaiting(&r.Task))
	}
}

// hintWaiting says that a task waits, in the line or for its time.
func hintWaiting(t *lastcall.Task) lastcall.Hint {
	if t.Status == lastcall.Scheduled {
		return lastcall.Hint{Task: t.ID, Due: t.RunAt}
	}
	h := hintOf(t, lastcall.TaskQueued, json.RawMessage("{}"))
	h.Type = t.Type
	return h
}

// hintOf tells a task's client of a state.
func hintOf(t *lastcall.Task, typ lastcall.EventType, data json.RawMessage) lastcall.Hint {
	state := &lastcall.State{Task: t.ID, Type: typ, Run: t.Run, Data: data}
	return lastcall.Hint{Client: t.Client, Task: t.ID, State: state}
}

// hintProgress tells those who watch how far a run is.
func (tx *tx) hintProgress(r *row) error {
	data, err := json.Marshal(struct {
		Percent float64 `json:"percent"`
		Message string  `json:"message,omitempty"`
	}{r.Progress.Percent, r.Progress.Message})
	if err != nil {
		return err
	}
	tx.hint(hintOf(&r.Task, lastcall.TaskProgress, data))
	return nil
}
