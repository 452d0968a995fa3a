package main

import (
	"slices"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// An interruption may be a drain's or the handler's own doing (exit code 75), so it is told as what both come to.
func TestATaskTellsWhatItsRunsWereCutShortBy(t *testing.T) {
	for _, c := range []struct {
		task lastcall.Task
		want string
	}{
		{lastcall.Task{Interruptions: 2}, "handed back 2 times"},
		{lastcall.Task{Crashes: 1}, "cut off by a crash once"},
		{lastcall.Task{Interruptions: 1, Crashes: 2}, "handed back once, cut off by a crash 2 times"},
	} {
		row := []string{"cut short", c.want}
		rows := taskFacts(&c.task)
		if !slices.ContainsFunc(rows, func(r []string) bool { return slices.Equal(r, row) }) {
			t.Errorf("%v is not in %v", row, rows)
		}
	}
	if rows := taskFacts(&lastcall.Task{}); slices.ContainsFunc(rows, func(r []string) bool { return r[0] == "cut short" }) {
		t.Errorf("a task that ran through says %v", rows)
	}
}
