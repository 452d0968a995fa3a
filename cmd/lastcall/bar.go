package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lastcall-dev/lastcall"
)

// The bar's length, in cells.
const (
	barMin = 8
	barMax = 32
)

// drawTask is one line that says how a task stands, at most width characters long: what it does, a bar when it says how
// far it is, its word, and for how long somebody has been waiting.
func drawTask(width int, t *lastcall.Task, waited time.Duration) string {
	clock := fmt.Sprintf("%d:%02d", int(waited.Minutes()), int(waited.Seconds())%60)
	if t.Progress == nil || t.Status != lastcall.Running {
		word := string(t.Status)
		if t.Status == lastcall.Scheduled && t.Error != nil {
			word = fmt.Sprintf("tries again; attempt %d: %s", t.Attempt, printable(t.Error.Message))
		}
		return fit(t.Type+" "+word, width-len(clock)-2) + "  " + clock
	}
	return drawBar(width, t.Progress.Percent, printable(t.Progress.Message), clock)
}

// drawBar draws how far something is, with a word and a clock. What does not fit is left out from the right, the clock
// last.
func drawBar(width int, percent float64, word, clock string) string {
	percent = min(max(percent, 0), 100)
	cells := min(max(width/3, barMin), barMax)
	full := int(percent / 100 * float64(cells))
	bar := strings.Repeat("█", full) + strings.Repeat("░", cells-full)
	head := fmt.Sprintf("%s %3.0f%%", bar, percent)
	if rest := width - utf8.RuneCountInString(head) - len(clock) - 4; word != "" && rest > 3 {
		head += "  " + fit(word, rest)
	}
	return fit(head, width-len(clock)-2) + "  " + clock
}

// fit cuts a text to so many characters.
func fit(s string, width int) string {
	if utf8.RuneCountInString(s) <= width {
		return s
	}
	if width < 1 {
		return ""
	}
	return string([]rune(s)[:width-1]) + "…"
}
