package checker

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lastcall-dev/lastcall"
)

// Expect says what a scenario allows, and what it asks for beyond the promises. The zero value allows nothing.
type Expect struct {
	Unfinished bool // tasks may be left unfinished: the test stops before their end
	Gaps       bool // clients may be told of gaps: the test lets events expire, or takes the store back in time
	Attempts   int  // if not 0, every task that ran to its end did so at this attempt: no deploy or crash cost one (G4)
}

// Violation is a promise that was broken.
type Violation struct {
	Promise string // G1 to G11
	What    string // the finding, of a few words, the same for all of its kind
	Where   string // the task or the client
	Detail  string // what shows it
}

// String is the violation on a line.
func (v Violation) String() string {
	return fmt.Sprintf("%s broken: %s: %s: %s", v.Promise, v.What, v.Where, v.Detail)
}

// audit is one reading of the record.
type audit struct {
	*Log
	expect Expect
	found  []Violation
	boxes  map[string]*mailbox // by client
}

// Verify goes through the record and returns what was broken, in the order of promises; nil if nothing was.
func (l *Log) Verify(e Expect) []Violation {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &audit{Log: l, expect: e, boxes: map[string]*mailbox{}}
	a.mailboxes()
	a.submitted()
	a.keys()
	a.finals()
	a.readings()
	a.stories()
	a.effects()
	slices.SortStableFunc(a.found, func(x, y Violation) int {
		return cmp.Or(cmp.Compare(x.Promise, y.Promise), cmp.Compare(x.What, y.What))
	})
	return a.found
}

func (a *audit) broken(promise, what, where, detail string, args ...any) {
	a.found = append(a.found, Violation{promise, what, where, fmt.Sprintf(detail, args...)})
}

// Report is the violations as a text for a person, at most a few of each kind; "" if there are none.
func Report(all []Violation) string {
	const most = 5
	kinds := map[string]int{}
	var b strings.Builder
	for _, v := range all {
		if kinds[v.What]++; kinds[v.What] <= most {
			fmt.Fprintln(&b, v)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(kinds)) {
		if n := kinds[what]; n > most {
			fmt.Fprintf(&b, "… and %d more of: %s\n", n-most, what)
		}
	}
	return b.String()
}

// tasks lists the final tasks in the order of their ids.
func (a *audit) tasks() []lastcall.Task {
	return slices.SortedFunc(maps.Values(a.final), func(x, y lastcall.Task) int { return cmp.Compare(x.ID, y.ID) })
}

// show is a task in a few words.
func show(t lastcall.Task) string {
	return fmt.Sprintf("%s, run %d, attempt %d, %d interruptions, %d crashes", t.Status, t.Run, t.Attempt, t.Interruptions, t.Crashes)
}
