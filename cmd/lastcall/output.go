package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// output is where a command's result goes: text for people, or JSON for programs.
type output struct {
	io.Writer
	json bool
}

func newOutput(w io.Writer, asJSON bool) output { return output{w, asJSON} }

// line writes v as one line of JSON.
func (o output) line(v any) error {
	e := json.NewEncoder(o)
	e.SetEscapeHTML(false) // it is read by programs and people, and by no browser
	return e.Encode(v)
}

// table writes rows in columns, under a head.
func (o output) table(head string, rows [][]string) {
	t := tabwriter.NewWriter(o, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ReplaceAll(head, " ", "\t"))
	for _, row := range rows {
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	_ = t.Flush() // as all that is printed
}

// taskLine is a task as the API writes it, less its addresses.
type taskLine struct {
	lastcall.Task
	Done   bool              `json:"done"`
	Node   *string           `json:"node"`
	Labels map[string]string `json:"labels"`
}

func newTaskLine(t lastcall.Task) taskLine {
	l := taskLine{Task: t, Done: t.Status.Done(), Labels: t.Labels}
	if t.Node != "" {
		l.Node = &t.Node
	}
	if l.Labels == nil {
		l.Labels = map[string]string{}
	}
	return l
}

// age is a time that has passed, in one unit.
func age(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// printable keeps what others have written from steering the terminal: control characters become spaces.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}
