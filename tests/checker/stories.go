package checker

import (
	"encoding/json"
	"strings"

	"github.com/lastcall-dev/lastcall"
)

// stories holds each task against all that its client was told of it: one end (G2), told (G5), by the run that the task
// names (G3), with counts that add up (G4).
func (a *audit) stories() {
	told := map[string][]lastcall.Event{}
	for _, client := range a.clients() {
		for _, ev := range a.boxes[client].inOrder() {
			told[ev.Task] = append(told[ev.Task], ev)
			if t, ok := a.final[ev.Task]; ok && t.Client != client {
				a.broken("G11", "a client was told of another's task", client, "%s of %s, which is %q's", ev.Type, ev.Task, t.Client)
			} else if !ok && a.final != nil {
				a.broken("G5", "a client was told of a task that is not there", client, "%s of %s", ev.Type, ev.Task)
			}
		}
	}
	for _, t := range a.tasks() {
		if a.told(t, told[t.ID]) && !a.expect.Gaps {
			a.balance(t, told[t.ID])
		}
	}
}

// told checks the order of a task's events and its last one; it returns whether they make a whole story.
func (a *audit) told(t lastcall.Task, events []lastcall.Event) bool {
	ended, run := 0, int64(0)
	for _, ev := range events {
		switch {
		case ended > 0 && ev.Type.Terminal():
			a.broken("G2", "a task was ended twice", t.ID, "%s", line(events))
			return false
		case ended > 0:
			a.broken("G2", "a task went on after its end", t.ID, "%s", line(events))
			return false
		case ev.Run < run || (ev.Run == run && byARun(ev)):
			a.broken("G3", "an older run was believed", t.ID, "%s of run %d came after run %d", ev.Type, ev.Run, run)
			return false
		}
		run = ev.Run
		if ev.Type.Terminal() {
			ended++
		}
	}
	switch {
	case t.Status.Done() && ended == 0:
		if !a.expect.Gaps {
			a.broken("G5", "a client was not told of an end", t.Client, "task %s: %s; told: %s", t.ID, show(t), line(events))
		}
		return false
	case ended > 0:
		return a.agree(t, events[len(events)-1])
	}
	return !a.expect.Unfinished
}

// byARun reports whether only a run of its own can have led to the event; the others may come while the task waits.
func byARun(ev lastcall.Event) bool {
	return ev.Type != lastcall.TaskCanceled && ev.Type != lastcall.TaskExpired
}

// agree checks that the last event says what the task says.
func (a *audit) agree(t lastcall.Task, ev lastcall.Event) bool {
	var data struct {
		Output json.RawMessage     `json:"output"`
		Error  *lastcall.TaskError `json:"error"`
	}
	_ = json.Unmarshal(ev.Data, &data) // what is no JSON has no output either
	output := t.Status != lastcall.Succeeded || sameJSON(data.Output, t.Output)
	failure := t.Status != lastcall.Failed || (data.Error != nil && t.Error != nil && data.Error.Code == t.Error.Code)
	at := t.FinishedAt != nil && ev.At.Equal(*t.FinishedAt)
	if string(ev.Type) != "task."+string(t.Status) || ev.Run != t.Run || ev.Attempt != t.Attempt || !output || !failure || !at {
		a.broken("G5", "the event and the task disagree", t.ID, "told %s, run %d, attempt %d, %.100s at %s; it is %s",
			ev.Type, ev.Run, ev.Attempt, ev.Data, ev.At, end(t))
		return false
	}
	return true
}

// balance checks that the counts add up with the story: each run has ended in one event, each failed attempt was
// counted once, and no hand-back or crash was.
func (a *audit) balance(t lastcall.Task, events []lastcall.Event) {
	failed, handedBack, crashed, lapsed := 0, 0, 0, 0
	for _, ev := range events {
		switch {
		case ev.Type == lastcall.TaskRetrying:
			failed++
		case ev.Type == lastcall.TaskInterrupted && strings.Contains(string(ev.Data), `"crash"`):
			crashed++
		case ev.Type == lastcall.TaskInterrupted && strings.Contains(string(ev.Data), `"lease"`):
			lapsed++
		case ev.Type == lastcall.TaskInterrupted:
			handedBack++
		}
	}
	// The end of a lease is a crash, unless its worker had hung up before it heard of it: the event does not tell which.
	hungUp := min(max(t.Interruptions-handedBack, 0), lapsed)
	handedBack, crashed = handedBack+hungUp, crashed+lapsed-hungUp
	last := 0 // whether a run was going on when the task ended
	if t.Status == lastcall.Succeeded || t.Status == lastcall.Failed || t.Run > int64(failed+handedBack+crashed) {
		last = 1
	}
	switch {
	case t.Run != int64(failed+handedBack+crashed+last):
		a.broken("G3", "runs and events do not add up", t.ID, "%s; told: %s", show(t), line(events))
	case t.Attempt != failed+last:
		a.broken("G4", "attempts do not add up", t.ID, "%d failed before the last one: %s; told: %s", failed, show(t), line(events))
	case t.Interruptions != handedBack || t.Crashes > crashed+1:
		a.broken("G4", "interruptions do not add up", t.ID, "%s; told: %s", show(t), line(events))
	}
}

// line is a story on a line.
func line(events []lastcall.Event) string {
	words := make([]string, len(events))
	for i, ev := range events {
		words[i] = strings.TrimPrefix(string(ev.Type), "task.")
	}
	return strings.Join(words, ", ")
}
