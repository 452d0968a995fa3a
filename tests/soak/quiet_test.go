package soak_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// still is how many looks in a row find nothing less until that is believed to be what a process holds: a scrape and the
// balancer's question whether it is ready come and go.
const still = 12

// quiet waits until nobody is connected any more, and measures what is left: of each process the least that it holds while
// nobody but the balancer asks.
func (r *rig) quiet(windows int) {
	r.t.Helper()
	http.DefaultClient.CloseIdleConnections()
	least := map[string]sample{}
	tick := time.NewTicker(150 * time.Millisecond)
	defer tick.Stop()
	busy := 0
	for same := 0; same < still; same++ {
		for _, s := range r.look(true) {
			was, known := least[s.node]
			switch {
			case s.is[connections] > 0:
				if busy++; busy > 1000 {
					r.t.Fatalf("%d windows over, somebody is still connected: %v", windows, s)
				}
				same = -1
			case !known || s.is[descriptors] < was.is[descriptors] || s.is[goroutines] < was.is[goroutines]:
				if known {
					s.is[descriptors] = min(s.is[descriptors], was.is[descriptors])
					s.is[goroutines] = min(s.is[goroutines], was.is[goroutines])
				}
				least[s.node], same = s, -1
			}
		}
		<-tick.C
	}
	r.samples.keep(slices.Collect(maps.Values(least)))
}

// String is a sample for a person.
func (s sample) String() string {
	return fmt.Sprintf("%s: %.0f goroutines, %.0f descriptors, %.0f connections", s.node, s.is[goroutines], s.is[descriptors], s.is[connections])
}
