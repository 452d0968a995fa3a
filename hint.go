package lastcall

import (
	"encoding/json"
	"time"
)

// Hint says what has moved. Fields are empty where they have nothing to say; a hint that is empty altogether says that
// anything may have moved.
type Hint struct {
	Type     string    // a task of this type became queued
	Client   string    // this mailbox has new events
	Task     string    // this task changed
	Canceled bool      // …and its run is asked to stop
	State    *State    // …and this is its state, for Client; such a hint tells of no event
	Due      time.Time // a task was scheduled for then
}

// The rules of what is hinted at, which every store applies to what it has changed.

// AppendHints adds what has moved with a task since before, and with its event, if there is one. An event and a state are
// hints of their own: the first sends readers to the mailbox, the second is itself what they show.
func AppendHints(hints []Hint, before, t *Task, ev *Event) []Hint {
	if ev != nil {
		hints = append(hints, Hint{Client: t.Client, Task: t.ID})
	}
	switch {
	case t.Status == Running && before.Status == Running:
		canceled := t.CancelRequestedAt != nil && before.CancelRequestedAt == nil
		hints = append(hints, Hint{Task: t.ID, Canceled: canceled})
	case t.Status == Running:
		hints = append(hints, t.HintStarted())
	case !t.Status.Done():
		hints = append(hints, t.HintWaiting())
	}
	return hints
}

// HintWaiting says that the task waits, in the line or for its time.
func (t *Task) HintWaiting() Hint {
	if t.Status == Scheduled {
		return Hint{Task: t.ID, Due: t.RunAt}
	}
	h := t.hintState(TaskQueued, json.RawMessage("{}"))
	h.Type = t.Type
	return h
}

// HintStarted says that the task's run has begun.
func (t *Task) HintStarted() Hint { return t.hintState(TaskStarted, json.RawMessage("{}")) }

// HintProgress says how far the task's run is. The task has a Progress.
func (t *Task) HintProgress() (Hint, error) {
	data, err := json.Marshal(struct {
		Percent float64 `json:"percent"`
		Message string  `json:"message,omitempty"`
	}{t.Progress.Percent, t.Progress.Message})
	if err != nil {
		return Hint{}, err
	}
	return t.hintState(TaskProgress, data), nil
}

// hintState tells the task's client of a state.
func (t *Task) hintState(typ EventType, data json.RawMessage) Hint {
	state := &State{Task: t.ID, Type: typ, Run: t.Run, Data: data}
	return Hint{Client: t.Client, Task: t.ID, State: state}
}
