package worker

import (
	"fmt"
	"maps"
	"slices"

	"github.com/lastcall-dev/lastcall"
)

// lapsesNamed is how many tasks a line of the log names.
const lapsesNamed = 20

// logLapses says which worker outside has lost which tasks, a line for each: the only trace of one that has died, as it
// speaks to whichever node it likes and no node keeps a list of them.
func (w *Worker) logLapses(lapses []lastcall.Lapse) {
	lost := map[string][]string{}
	for _, l := range lapses {
		lost[l.Worker] = append(lost[l.Worker], l.Task)
	}
	for _, name := range slices.Sorted(maps.Keys(lost)) {
		tasks, n := lost[name], len(lost[name])
		if n > lapsesNamed {
			tasks = append(tasks[:lapsesNamed:lapsesNamed], fmt.Sprintf("and %d more", n-lapsesNamed))
		}
		w.log.Warn("took tasks of a worker outside back, as their leases have run out", "worker", name, "tasks", n, "ids", tasks)
	}
}
