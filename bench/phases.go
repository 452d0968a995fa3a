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
func (p phase) of(r rates) float64 { return p.pace(r).PerSecond }

// costs is three cells: what a task costs each side, and how the second compares with the first.
func (p phase) costs(a, b []rates) string {
	cpu := func(r rates) float64 { return float64(p.pace(r).CPU) }
	first, second := over(a, cpu).mid, over(b, cpu).mid
	if first == 0 || second == 0 {
		return "? | ? | ?"
	}
	micros := func(v float64) time.Duration { return time.Duration(v).Round(time.Microsecond) }
	return fmt.Sprintf("%s | %s | %.2f", micros(first), micros(second), ratios(b, a, cpu).mid)
}
