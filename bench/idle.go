package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// idled is what sockets cost on which nothing happens.
type idled struct {
	Sockets int      `json:"sockets"`
	Rounds  []weight `json:"rounds"`
}

// weight is how many bytes a node grew by, a socket.
type weight struct {
	Heap     float64 `json:"heap"`     // in use, after a collection
	Stacks   float64 `json:"stacks"`   // in use
	Resident float64 `json:"resident"` // as the kernel counts it: with what waits for the collector, and what the allocator keeps
}

func (w weight) inUse() float64 { return (w.Heap + w.Stacks) / 1024 }

// idle weighs sockets of clients who have said hello and wait.
func (r *rig) idle(ctx context.Context) (idled, error) {
	found := idled{Sockets: r.sockets}
	for round := range r.rounds {
		w, err := r.weigh(ctx, r.command)
		if err != nil {
			return found, err
		}
		found.Rounds = append(found.Rounds, w)
		fmt.Printf("idle, %d sockets, round %d: %.2f KiB in use, %.2f KiB resident\n", r.sockets, round+1, w.inUse(), w.Resident/1024)
	}
	return found, nil
}

// weigh is one round, of a command in a process of its own.
func (r *rig) weigh(ctx context.Context, command string) (w weight, err error) {
	n, err := serve(ctx, command, r.newFile())
	if err != nil {
		return w, err
	}
	defer n.end()
	before, err := n.collected(ctx)
	if err != nil {
		return w, err
	}
	c, err := openCrowd(ctx, n.addr, r.sockets, 0, 0)
	if err != nil {
		return w, err
	}
	defer c.end()
	after, err := n.collected(ctx)
	if err != nil {
		return w, err
	}
	if got := after[`lastcall_connections{transport="websocket"}`]; got != float64(r.sockets) {
		return w, fmt.Errorf("%.0f of %d sockets are connected", got, r.sockets)
	}
	each := func(name string) float64 { return (after[name] - before[name]) / float64(r.sockets) }
	return weight{
		Heap: each("go_memstats_heap_inuse_bytes"), Stacks: each("go_memstats_stack_inuse_bytes"),
		Resident: each("process_resident_memory_bytes"),
	}, nil
}

// collected is what a node says of itself just after the collector has run twice, as what a pool keeps goes with the second
// time. Requests that leave garbage behind make it run: from outside nothing else does before two minutes are over.
func (n *node) collected(ctx context.Context) (map[string]float64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("the collector did not run within a minute"))
	defer cancel()
	const runs = "go_gc_duration_seconds_count"
	first, err := n.metrics(ctx)
	if err != nil {
		return nil, err
	}
	for {
		for range 200 {
			if err := n.call(ctx, http.MethodGet, "/openapi.yaml", "", nil); err != nil {
				return nil, err
			}
		}
		now, err := n.metrics(ctx)
		if err != nil || now[runs] >= first[runs]+2 {
			return now, err
		}
	}
}

// showIdle is the section of idle sockets.
func showIdle(m machine, found idled) section {
	var b strings.Builder
	fmt.Fprintf(&b, `%[1]d clients, each with a mailbox of its own, have connected to the real command and said hello, and nothing happens.
What is shown is how much its process grew, divided by the sockets. In use are heap and stacks just after the collector has
run (%[2]s, %[3]s): everything of ours, what the HTTP server keeps included.
Resident is what the kernel counts: with the garbage that the collector lets gather before it runs again (as much as is in
use, at the default GOGC), and what the allocator has not given back. Not included are the kernel's buffers of the sockets,
which belong to no process.

This run: %[4]s.

| sockets | in use, a socket | lowest to highest | heap | stacks | resident, a socket | lowest to highest |
|---:|---:|---|---:|---:|---:|---|
`, found.Sockets, "`go_memstats_heap_inuse_bytes`", "`go_memstats_stack_inuse_bytes`", m)
	in := over(found.Rounds, weight.inUse)
	kib := func(of func(weight) float64) spread {
		return over(found.Rounds, func(w weight) float64 { return of(w) / 1024 })
	}
	resident := kib(func(w weight) float64 { return w.Resident })
	fmt.Fprintf(&b, "| %d | **%.2f KiB** | %s | %.2f KiB | %.2f KiB | %.2f KiB | %s |\n", found.Sockets, in.mid, in.span("%.2f"),
		kib(func(w weight) float64 { return w.Heap }).mid, kib(func(w weight) float64 { return w.Stacks }).mid,
		resident.mid, resident.span("%.2f"))
	b.WriteString("\nThe target is 9 KiB in use at 10,000 sockets, the stretch 7.\n")
	return section{"Idle WebSockets", b.String()}
}
