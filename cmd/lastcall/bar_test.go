package main

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lastcall-dev/lastcall"
)

func TestABarIsAFunctionOfItsWidthAndTheTask(t *testing.T) {
	at := func(percent float64, word string) *lastcall.Task {
		return &lastcall.Task{Type: "render", Status: lastcall.Running, Progress: &lastcall.Progress{Percent: percent, Message: word}}
	}
	retrying := &lastcall.Task{
		Type: "render", Status: lastcall.Scheduled, Attempt: 2, Error: &lastcall.TaskError{Message: "no paper\x1b[2J"},
	}
	for _, c := range []struct {
		name   string
		width  int
		task   *lastcall.Task
		waited time.Duration
		want   string
	}{
		{"nothing said yet", 80, &lastcall.Task{Type: "render", Status: lastcall.Queued}, 3 * time.Second, "render queued  0:03"},
		{"running without a word", 80, &lastcall.Task{Type: "render", Status: lastcall.Running}, 75 * time.Second, "render running  1:15"},
		{"the beginning", 30, at(0, ""), 0, "░░░░░░░░░░   0%  0:00"},
		{"half", 30, at(50, ""), 0, "█████░░░░░  50%  0:00"},
		{"a word", 40, at(42, "page 3 of 7"), time.Hour, "█████░░░░░░░░  42%  page 3 of 7  60:00"},
		{"a word that is too long", 40, at(42, "page 3 of 7, which is a long one"), 0, "█████░░░░░░░░  42%  page 3 of 7, …  0:00"},
		{"the end", 30, at(100, ""), 0, "██████████ 100%  0:00"},
		{"more than the end", 30, at(250, ""), 0, "██████████ 100%  0:00"},
		{"less than the beginning", 30, at(-3, ""), 0, "░░░░░░░░░░   0%  0:00"},
		{"a wide terminal", 200, at(50, ""), 0, "████████████████░░░░░░░░░░░░░░░░  50%  0:00"},
		{"the next attempt, and nothing steers the terminal", 80, retrying, 0, "render tries again; attempt 2: no paper [2J  0:00"},
	} {
		if got := drawTask(c.width, c.task, c.waited); got != c.want {
			t.Errorf("%s:\n%q, want\n%q", c.name, got, c.want)
		}
	}
}

// A line that is longer than the terminal would stay on it each time that the bar is drawn anew.
func TestABarNeverBreaksTheLine(t *testing.T) {
	task := &lastcall.Task{
		Type: "a type with quite a long name", Status: lastcall.Running,
		Progress: &lastcall.Progress{Percent: 33, Message: "and quite a long word, too: ünïcödé"},
	}
	for width := 8; width < 120; width++ {
		for _, waited := range []time.Duration{0, 100 * time.Hour} {
			if line := drawTask(width, task, waited); utf8.RuneCountInString(line) > max(width, len("6000:00")+2) {
				t.Errorf("at width %d: %q", width, line)
			}
		}
	}
}

func TestAnAgeHasOneUnit(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0ms", 999 * time.Millisecond: "999ms", 119 * time.Second: "119s", 2 * time.Minute: "2m", 119 * time.Minute: "119m",
		47 * time.Hour: "47h", 48 * time.Hour: "2d",
	} {
		if got := age(d); got != want {
			t.Errorf("%s is %s, want %s", d, got, want)
		}
	}
}
