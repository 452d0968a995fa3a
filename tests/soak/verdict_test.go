package soak_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// bound is how much larger the median of the last fifth of a process's life may be than that of the second fifth: the first
// is for warming up. A leak of one goroutine or descriptor in each window is beyond it in an hour, and so are 200 bytes a
// request; the garbage collector's ups and downs are not.
type bound struct {
	column int
	quiet  bool    // held in the quiet after windows alone, else at any time
	times  float64 // as large
	plus   float64 // and so much
}

var bounds = []bound{
	{memory, false, 1.10, 12 << 20},
	{heap, false, 1.10, 6 << 20},
	{goroutines, true, 1, 20}, // 16 connections to PostgreSQL are opened when they are needed, and stay
	{descriptors, true, 1, 20},
	{goroutines, false, 1.10, 20},
	{descriptors, false, 1.10, 20},
	{stored, false, 1.25, 16 << 20}, // idempotency keys are kept for a day, and a mailbox for 90 days
	{logged, false, 1.25, 16 << 20},
}

// enough is of how many measurements a life has to be to be judged by its fifths.
const enough = 10

// trend is what a process had of something in the second fifth of its life, and in the last.
type trend struct {
	bound
	node         string
	early, late  float64
	measurements int
}

// grew reports whether that is more than the bound allows.
func (t trend) grew() bool { return t.late > t.early*t.times+t.plus }

// trends are those of all processes that lived long enough.
func trends(all []sample) (found []trend) {
	lives := map[string][]sample{}
	var names []string
	for _, s := range all {
		if lives[s.node] == nil {
			names = append(names, s.node)
		}
		lives[s.node] = append(lives[s.node], s)
	}
	for _, name := range names {
		for _, b := range bounds {
			var is []float64
			for _, s := range lives[name] {
				if !b.quiet || s.quiet {
					is = append(is, s.is[b.column])
				}
			}
			if n := len(is); n >= enough {
				found = append(found, trend{b, name, median(is[n/5 : 2*n/5]), median(is[4*n/5:]), n})
			}
		}
	}
	return found
}

// median is the middle one of some numbers, of which there is at least one.
func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// judge says what has grown, and shows what was measured.
func (r *rig) judge() {
	r.t.Helper()
	r.samples.mu.Lock()
	defer r.samples.mu.Unlock()
	all := r.samples.all
	found := trends(all)
	for _, t := range found {
		if *soak > 0 && t.grew() {
			r.t.Errorf("%s: %s of %s grew from %.0f to %.0f, beyond %.2f times and %.0f more",
				r.name, titles[t.column], t.node, t.early, t.late, t.times, t.plus)
		}
	}
	r.comeBack(all)
	r.t.Logf("%s, %d measurements in %v, a processor's share of %.2f; %d and %d events of those who stay, %d gaps\n%s", r.name, len(all),
		time.Since(r.samples.began).Round(time.Second), share(all), r.guests.resident.seen, r.guests.seldom.seen, r.guests.seldom.gaps, table(found))
}

// few is how many goroutines and descriptors more a process may have in the quiet after its last window than after its
// first: 16 connections to PostgreSQL, which are opened when they are needed, and those that the balancer keeps for a
// while. Even the shortest of windows has a hundred requests and dozens of streams.
const few = 24

// comeBack holds the quiet after the last window against that after the first: what was opened is closed.
func (r *rig) comeBack(all []sample) {
	r.t.Helper()
	first, last := map[string]sample{}, map[string]sample{}
	for _, s := range all {
		if _, ok := first[s.node]; s.quiet && !ok {
			first[s.node] = s
		}
		if s.quiet {
			last[s.node] = s
		}
	}
	for name, s := range last {
		for _, column := range []int{goroutines, descriptors} {
			if s.is[column] > first[name].is[column]+few {
				r.t.Errorf("%s: %s had %.0f %s in the quiet, and %.0f later", r.name, name, first[name].is[column], titles[column], s.is[column])
			}
		}
	}
}

// share is how much of a processor all processes took together.
func share(all []sample) float64 {
	spent, until := map[string]float64{}, time.Second
	for _, s := range all {
		spent[s.node] = s.is[processor]
		until = max(until, s.at)
	}
	sum := 0.0
	for _, v := range spent {
		sum += v
	}
	return sum / until.Seconds()
}

// table is the trends for a person.
func table(found []trend) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "process\tof\twhen\tmeasured\tsecond fifth\tlast fifth\tby\tallowed\t")
	for _, t := range found {
		when := "always"
		if t.quiet {
			when = "quiet"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\t%+.1f%%\t%s\t\n", t.node, titles[t.column], when, t.measurements,
			amount(t.early), amount(t.late), 100*(t.late-t.early)/math.Max(t.early, 1), amount(t.early*t.times+t.plus))
	}
	_ = w.Flush() // to memory
	return b.String()
}

// amount is a number, or so many MiB.
func amount(v float64) string {
	if v < 1<<16 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1f MiB", v/(1<<20))
}
