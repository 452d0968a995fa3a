package checker

import (
	"fmt"
	"maps"
	"slices"

	"github.com/lastcall-dev/lastcall"
)

// finals checks that every task has come to an end.
func (a *audit) finals() {
	for _, t := range a.tasks() {
		ended := t.Status == lastcall.Succeeded || t.Status == lastcall.Failed
		switch {
		case !t.Status.Done() && !a.expect.Unfinished:
			a.broken("G2", "a task has no end", t.ID, "left as %s", show(t))
		case t.Status.Done() != (t.FinishedAt != nil):
			a.broken("G2", "a task's status and its end disagree", t.ID, "%s, finished at %v", t.Status, t.FinishedAt)
		case ended && a.expect.Attempts != 0 && t.Attempt != a.expect.Attempts:
			a.broken("G4", "attempts were used up", t.ID, "%s, want attempt %d", show(t), a.expect.Attempts)
		}
	}
}

// readings checks that no reader ever saw a task go back: an end that was seen stays as it is (G2), and the fence only
// grows (G3).
func (a *audit) readings() {
	for _, reader := range slices.Sorted(maps.Keys(a.seen)) {
		last := map[string]lastcall.Task{}
		for _, t := range a.seen[reader] {
			if before, ok := last[t.ID]; ok {
				a.follows(reader, before, t)
			}
			last[t.ID] = t
		}
		for _, id := range slices.Sorted(maps.Keys(last)) {
			if final, ok := a.final[id]; ok {
				a.follows(reader+", in the end", last[id], final)
			} else if a.final != nil {
				a.broken("G1", "a task that was shown is lost", id, "%s saw it as %s", reader, show(last[id]))
			}
		}
	}
}

// follows checks that a reader who saw the one may then see the other.
func (a *audit) follows(reader string, before, after lastcall.Task) {
	switch {
	case before.Status.Done() && end(before) != end(after):
		a.broken("G2", "a task has two ends", before.ID, "%s saw %s, then %s", reader, end(before), end(after))
	case after.Run < before.Run:
		a.broken("G3", "the fence went back", before.ID, "%s saw run %d, then run %d", reader, before.Run, after.Run)
	case after.Interruptions < before.Interruptions || after.Crashes < before.Crashes:
		a.broken("G4", "a count went back", before.ID, "%s saw %s, then %s", reader, show(before), show(after))
	}
}

// end is all that must not change once a task has ended.
func end(t lastcall.Task) string {
	failed := ""
	if t.Error != nil {
		failed = fmt.Sprintf(", error %s %q of attempt %d", t.Error.Code, t.Error.Message, t.Error.Attempt)
	}
	at := "never"
	if t.FinishedAt != nil {
		at = t.FinishedAt.UTC().String()
	}
	return fmt.Sprintf("%s, output %.100s%s, at %s", show(t), t.Output, failed, at)
}
