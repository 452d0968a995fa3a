package main

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// alone is tasks that do nothing on SQLite, where there is no peer in Go that is as durable.
type alone struct {
	Tasks   int           `json:"tasks"`
	Backlog int           `json:"backlog"`
	Counts  time.Duration `json:"counts"`
	Rounds  []rates       `json:"rounds"`
	REST    []float64     `json:"rest"` // tasks a second, through the real command
}

// workSQLite takes a store on a file through the phases that the comparison with River has.
func (r *rig) workSQLite(ctx context.Context) (alone, error) {
	found := alone{Tasks: r.bout.tasks, Backlog: r.bout.backlog, Counts: r.bout.counts}
	for round := range r.rounds {
		got, err := r.alone(ctx)
		if err != nil {
			return found, err
		}
		found.Rounds = append(found.Rounds, got)
		rest, err := r.restOn(ctx, r.command, r.newFile())
		if err != nil {
			return found, fmt.Errorf("over REST: %w", err)
		}
		found.REST = append(found.REST, rest)
		fmt.Printf("no-op tasks on SQLite, round %d: insert %6.0f/s; work %6.0f/s; both %6.0f/s; over REST %6.0f/s\n", round+1,
			got.Insert.PerSecond, got.Work.PerSecond, got.Both.PerSecond, rest)
	}
	return found, nil
}

func (r *rig) alone(ctx context.Context) (got rates, err error) {
	store, err := r.openSQLite(ctx)
	if err != nil {
		return got, err
	}
	s := openOurs(500, oursWorkers, store)
	defer func() { err = firstOf(err, s.close()) }()
	return r.bout.fight(ctx, s, here{})
}

// here is a server that is part of this process.
type here struct{}

// calm has nothing to do.
func (here) calm(context.Context) error { return nil }

func (here) spent() (time.Duration, bool) {
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		return 0, false
	}
	return time.Duration(own.Utime.Nano() + own.Stime.Nano()), true
}

// showSQLite is the section of tasks that do nothing on SQLite.
func showSQLite(m machine, found alone) section {
	var b strings.Builder
	fmt.Fprintf(&b, `The phases of the section before, with %[1]d tasks of 500 clients on an SQLite file: inserted while nobody works, worked off
while nobody inserts, then both at once for %[2]s with %[3]d kept waiting. A task counts when its status, its result and an
event in its client's mailbox are committed and synced. CPU is that of the process, for a task.

This run: %[4]s.

| phase | tasks/s | lowest to highest | CPU/task |
|---|---:|---|---:|
`, found.Tasks, found.Counts, found.Backlog, m)
	for _, p := range phases {
		rate := over(found.Rounds, p.of)
		cpu := over(p.in(found.Rounds), func(p pace) float64 { return float64(p.CPU) })
		fmt.Fprintf(&b, "| %s | **%.0f** | %s | %s |\n", p.name, rate.mid, rate.span("%.0f"), time.Duration(cpu.mid).Round(time.Microsecond))
	}
	rest := over(found.REST, func(v float64) float64 { return v })
	fmt.Fprintf(&b, "\nThe same through the real command over REST, a thousand tasks each `POST /v1/tasks:batch`, from the first request\n"+
		"until none is left: %.0f tasks/s (%s).\n", rest.mid, rest.span("%.0f"))
	return section{"Tasks that do nothing, on SQLite", b.String()}
}
