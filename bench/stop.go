package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// stopped is what ending took beyond the longest task.
type stopped struct {
	Task  time.Duration `json:"task"` // how long it runs
	Cases []*farewell   `json:"cases"`
}

// farewell is a number of clients to take leave of.
type farewell struct {
	Sockets int             `json:"sockets"`
	Silent  int             `json:"silent"` // of them, who read nothing and answer nothing
	Rounds  []time.Duration `json:"rounds"` // from the end of the task until the process is gone
}

// stop measures SIGTERM to exit of a node that is alone, with more and more clients.
func (r *rig) stop(ctx context.Context) (stopped, error) {
	found := stopped{Task: r.busy}
	for _, sockets := range []int{0, r.sockets / 10, r.sockets} {
		found.Cases = append(found.Cases, &farewell{Sockets: sockets})
		if sockets > 0 {
			found.Cases = append(found.Cases, &farewell{Sockets: sockets, Silent: sockets / 2})
		}
	}
	for round := range r.rounds {
		for _, f := range found.Cases {
			beyond, err := r.leave(ctx, f)
			if err != nil {
				return found, fmt.Errorf("%d sockets, %d silent: %w", f.Sockets, f.Silent, err)
			}
			f.Rounds = append(f.Rounds, beyond)
			fmt.Printf("stop, %5d sockets, %4d silent, round %d: %s beyond the task\n", f.Sockets, f.Silent, round+1, ms(beyond))
		}
	}
	return found, nil
}

// leave is one round.
func (r *rig) leave(ctx context.Context, f *farewell) (time.Duration, error) {
	n, err := serve(ctx, r.command, r.newFile())
	if err != nil {
		return 0, err
	}
	defer n.end()
	if f.Sockets > 0 {
		c, err := openCrowd(ctx, n.addr, f.Sockets, f.Silent, 0)
		if err != nil {
			return 0, err
		}
		defer c.end()
	}
	t, err := n.occupy(ctx, r.busy)
	if err != nil {
		return 0, err
	}
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return 0, err
	}
	if err := n.cmd.Wait(); err != nil {
		return 0, fmt.Errorf("it did not end as it should: %w", err)
	}
	gone := time.Now()
	if t.StartedAt == nil {
		return 0, errors.New("a running task without the time of its start")
	}
	return gone.Sub(t.StartedAt.Add(r.busy)), nil
}

// showStop is the section of ending.
func showStop(m machine, found stopped) section {
	var b strings.Builder
	fmt.Fprintf(&b, `A node on SQLite, alone, runs one task of %[1]s and is sent SIGTERM at its beginning, with the default grace. What counts is
how long after the task's end the process is gone: by then the result is stored, its drain reported, and each client told
where it stands. Silent clients have stopped reading and answer nothing, not even a close.

This run: %[2]s.

| sockets | silent | beyond the longest task | lowest to highest |
|---:|---:|---:|---|
`, found.Task, m)
	for _, f := range found.Cases {
		s := over(f.Rounds, func(d time.Duration) float64 { return float64(d) / 1e6 })
		fmt.Fprintf(&b, "| %d | %d | **%.0f ms** | %s |\n", f.Sockets, f.Silent, s.mid, s.span("%.0f"))
	}
	b.WriteString("\nThe target is 1 s.\n")
	return section{"SIGTERM to exit", b.String()}
}
