package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// fanned is what came of results for many clients at once.
type fanned struct {
	Clients int         `json:"clients"`
	Rounds  []delivered `json:"rounds"`
}

// delivered is one round.
type delivered struct {
	Took   time.Duration `json:"took"`   // from the first submit until the last result was read
	Settle quantiles     `json:"settle"` // from an event's time, which is that of its commit's batch, until it was read
}

func (d delivered) perSecond(clients int) float64 { return float64(clients) / d.Took.Seconds() }

// fanOut gives each of many connected clients one result, as fast as tasks are submitted and finished.
func (r *rig) fanOut(ctx context.Context) (fanned, error) {
	found := fanned{Clients: r.sockets}
	for round := range r.rounds {
		d, err := r.deliver(ctx)
		if err != nil {
			return found, err
		}
		found.Rounds = append(found.Rounds, d)
		fmt.Printf("fan-out to %d, round %d: %s, %.0f events/s, p50 %s, p99 %s\n", r.sockets, round+1,
			d.Took.Round(time.Millisecond), d.perSecond(r.sockets), ms(d.Settle.P50), ms(d.Settle.P99))
	}
	return found, nil
}

func (r *rig) deliver(ctx context.Context) (d delivered, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 2*time.Minute, errors.New("not everybody had a result within two minutes"))
	defer cancel()
	n, err := serve(ctx, r.command, r.newFile())
	if err != nil {
		return d, err
	}
	defer n.end()
	c, err := openCrowd(ctx, n.addr, r.sockets, 0, r.sockets)
	if err != nil {
		return d, err
	}
	defer c.end()
	began := time.Now()
	if err := n.postBatches(ctx, r.sockets, r.sockets); err != nil {
		return d, err
	}
	var got crowded
	if err := c.await(&got); err != nil {
		return d, errors.Join(context.Cause(ctx), err)
	}
	if got.Error != "" || len(got.Took) != r.sockets {
		return d, fmt.Errorf("%d of %d results arrived: %s", len(got.Took), r.sockets, got.Error)
	}
	return delivered{Took: got.Last.Sub(began), Settle: quantilesOf(got.Took)}, nil
}

// showFanOut is the section of many clients' results.
func showFanOut(m machine, found fanned) section {
	var b strings.Builder
	fmt.Fprintf(&b, `%[1]d clients are connected, each by a WebSocket of its own. Then a task for each is submitted, %[2]d in a batch, to a node
with its default settings on SQLite, which stores, runs and settles it, and sends its client the result. The clock of the
whole runs from the first submit until the last result is read; that of one event from its own %[3]s, taken as its outcome is
settled, before the commit that makes it durable, until its client has read it.

This run: %[4]s; the clients are a process of their own on the same CPUs.

| clients | first submit to last result | lowest to highest | results/s | settled to read, p50 | p99 | longest |
|---:|---:|---|---:|---:|---:|---:|
`, found.Clients, oursBatch, "`at`", m)
	took := over(found.Rounds, func(d delivered) float64 { return d.Took.Seconds() })
	fmt.Fprintf(&b, "| %d | **%.2f s** | %s | %.0f | %s | %s | %s |\n", found.Clients, took.mid, took.span("%.2f"),
		over(found.Rounds, func(d delivered) float64 { return d.perSecond(found.Clients) }).mid,
		millis(over(found.Rounds, func(d delivered) float64 { return float64(d.Settle.P50) }).mid),
		millis(over(found.Rounds, func(d delivered) float64 { return float64(d.Settle.P99) }).mid),
		millis(over(found.Rounds, func(d delivered) float64 { return float64(d.Settle.Longest) }).high))
	return section{"Results for many clients at once", b.String()}
}
