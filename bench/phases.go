package main

import (
	"fmt"
	"time"
)

// phase is what a bout measures, as it stands in a table.
type phase struct {
	name string
	pace func(rates) pace
}

var phases = []phase{
	{"insert", func(r rates) pace { return r.Insert }},
	{"work off", func(r rates) pace { return r.Work }},
	{"both at once", func(r rates) pace { return r.Both }},
}

// of is the phase's rate.
func (p phase) of(r rates) float64 { return perSecond(p.pace(r)) }

// in is the phase's pace in each of the rounds.
func (p phase) in(rounds []rates) []pace {
	paces := make([]pace, len(rounds))
	for i, r := range rounds {
		paces[i] = p.pace(r)
	}
	return paces
}

func perSecond(p pace) float64 { return p.PerSecond }

// costs is three cells: what a task costs each side, and the second as a multiple of the first.
func costs(a, b []pace) string {
	cpu := func(p pace) float64 { return float64(p.CPU) }
	first, second := over(a, cpu).mid, over(b, cpu).mid
	if first == 0 || second == 0 {
		return "? | ? | ?"
	}
	micros := func(v float64) time.Duration { return time.Duration(v).Round(time.Microsecond) }
	return fmt.Sprintf("%s | %s | %.2f", micros(first), micros(second), ratios(b, a, cpu).mid)
}
