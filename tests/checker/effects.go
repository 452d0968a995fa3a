package checker

import (
	"cmp"
	"slices"

	"github.com/lastcall-dev/lastcall"
)

// effects holds the runs that handlers began against the tasks: a run is begun once, the last one begun is the one that
// was believed, and its output is the one that is kept (G3).
func (a *audit) effects() {
	byTask := map[string][]ran{}
	for _, r := range a.runs {
		byTask[r.task] = append(byTask[r.task], r)
	}
	for _, t := range a.tasks() {
		runs := byTask[t.ID]
		slices.SortStableFunc(runs, func(x, y ran) int { return cmp.Compare(x.run, y.run) })
		for i := 1; i < len(runs); i++ {
			if runs[i].run == runs[i-1].run {
				a.broken("G3", "a run was begun twice", t.ID, "run %d by %s and by %s", runs[i].run, runs[i-1].by, runs[i].by)
			}
		}
		if len(runs) > 0 {
			a.believed(t, runs[len(runs)-1])
		}
	}
}

// believed checks who was believed, given the last run that a handler began.
func (a *audit) believed(t lastcall.Task, last ran) {
	switch {
	case last.run > t.Run:
		a.broken("G3", "an older run was believed", t.ID, "%s, but run %d was begun by %s", show(t), last.run, last.by)
	case t.Status == lastcall.Succeeded && last.run < t.Run:
		a.broken("G3", "a success that nobody worked for", t.ID, "%s, but the last run that was begun is %d", show(t), last.run)
	case t.Status == lastcall.Succeeded && last.output != nil && !sameJSON(last.output, t.Output):
		a.broken("G3", "the output is not its run's", t.ID, "run %d returned %.100s, kept is %.100s", last.run, last.output, t.Output)
	}
}
