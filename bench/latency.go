package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// pacedRate is how many tasks a second are submitted where latency is measured.
const pacedRate = 300

// pacedRounds are what was found at a steady rate, round by round.
type pacedRounds struct {
	Rate     int     `json:"rate"` // tasks a second
	SQLite   []timed `json:"sqlite"`
	Postgres []timed `json:"postgres"`
	River    []timed `json:"river"`
}

// timed is one round of two things that were timed: with lastcall a submit until its 202, and until its client has the
// result; with River an insert until its work begins, and until its subscribers know that it is completed.
type timed struct {
	First  quantiles `json:"first"`
	Second quantiles `json:"second"`
}

// quantiles are what is kept of a round's waits.
type quantiles struct {
	Samples int           `json:"samples"`
	P50     time.Duration `json:"p50"`
	P99     time.Duration `json:"p99"`
	Longest time.Duration `json:"longest"`
}

func quantilesOf(w waits) quantiles {
	return quantiles{len(w), w.quantile(.5), w.quantile(.99), w.quantile(1)}
}

// latency measures submit to result, the stores and River in turns.
func (r *rig) latency(ctx context.Context) (pacedRounds, error) {
	found := pacedRounds{Rate: pacedRate}
	sides := []struct {
		name string
		into *[]timed
		run  func(context.Context) (heard, error)
	}{
		{"SQLite", &found.SQLite, r.notifiedSQLite},
		{"PostgreSQL", &found.Postgres, r.notifiedPostgres},
		{"River", &found.River, r.pickedUp},
	}
	for round := range r.rounds {
		for i := range sides {
			s := sides[(i+round)%len(sides)]
			h, err := s.run(ctx)
			if err = firstOf(err, h.wrong()); err != nil {
				return found, fmt.Errorf("%s: %w", s.name, err)
			}
			t := timed{quantilesOf(h.Waits[0]), quantilesOf(h.Waits[1])}
			*s.into = append(*s.into, t)
			fmt.Printf("latency at %d/s, %-10s round %d: first %s / %s, second %s / %s\n", pacedRate, s.name, round+1,
				ms(t.First.P50), ms(t.First.P99), ms(t.Second.P50), ms(t.Second.P99))
		}
	}
	return found, nil
}

// wrong is what makes a load worth nothing.
func (h heard) wrong() error {
	if h.Error != "" {
		return errors.New(h.Error)
	}
	if h.Lost > 0 {
		return fmt.Errorf("%d were never heard of", h.Lost)
	}
	return nil
}

func (r *rig) notifiedSQLite(ctx context.Context) (heard, error) {
	return r.notifiedOn(ctx, r.command, r.newFile())
}

func (r *rig) notifiedPostgres(ctx context.Context) (h heard, err error) {
	db, err := r.fresh(ctx)
	if err != nil {
		return h, err
	}
	defer func() { err = firstOf(err, db.drop(context.WithoutCancel(ctx))) }()
	return r.notifiedOn(ctx, r.command, db.url)
}

// notifiedOn has a command serve on a store, idle but for the load.
func (r *rig) notifiedOn(ctx context.Context, command, store string) (h heard, err error) {
	n, err := serve(ctx, command, store)
	if err != nil {
		return h, err
	}
	defer n.end()
	err = r.ask(ctx, &h, "notified", "-addr", n.addr, "-rate", strconv.Itoa(pacedRate), "-for", r.paced.String())
	return h, err
}

// pickedUp has River's jobs worked by a process of its own and inserts them from this one.
func (r *rig) pickedUp(ctx context.Context) (h heard, err error) {
	db, err := r.fresh(ctx)
	if err != nil {
		return h, err
	}
	defer func() { err = firstOf(err, db.drop(context.WithoutCancel(ctx))) }()
	worker, err := startHelper(ctx, "pickup", "-url", db.url)
	if err != nil {
		return h, err
	}
	defer worker.end()
	if err := insertPaced(ctx, db.url, pacedRate, r.paced); err != nil {
		return h, fmt.Errorf("insert: %w", err)
	}
	if err := wait(ctx, time.Second); err != nil { // its completer writes a few times a second
		return h, err
	}
	err = worker.stop(&h)
	if len(h.Waits) > 0 {
		h.Lost = int(r.paced.Seconds()*pacedRate) - len(h.Waits[0])
	}
	return h, err
}

// showLatency is the section of submit to notified.
func showLatency(m machine, found pacedRounds) section {
	var b strings.Builder
	fmt.Fprintf(&b, `%[1]d tasks a second come in, one request each, while the workers are idle. Each is stored durably, run, and its result
read by its client from a WebSocket: the real command, ten clients, the load in a process of its own. The clock runs from
just before the request is sent; a request that takes long delays no other. Beside it River at the same rate: one insert
a job, its workers in a process of their own, woken by its LISTEN/NOTIFY and a poll each %[2]s, with the smallest
cooldown that it allows (1 ms). Its first row ends where a job's work begins, with nobody told of a result; its second where its own
subscribers, in the process that worked, hear that a job is completed, which waits for its batch completer.

This run: %[3]s.

| | from, to | samples | p50 | p99 | longest | p99 by round |
|---|---|---:|---:|---:|---:|---|
`, found.Rate, riverPoll, m)
	first, second := func(t timed) quantiles { return t.First }, func(t timed) quantiles { return t.Second }
	for _, row := range []struct {
		name, what string
		rounds     []timed
		of         func(timed) quantiles
	}{
		{"lastcall, SQLite", "submit to result at the client", found.SQLite, second},
		{"lastcall, PostgreSQL", "submit to result at the client", found.Postgres, second},
		{"River", "insert to work begun", found.River, first},
		{"River", "insert to completed", found.River, second},
		{"lastcall, SQLite", "submit to 202", found.SQLite, first},
		{"lastcall, PostgreSQL", "submit to 202", found.Postgres, first},
	} {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", row.name, row.what, waited(row.rounds, row.of))
	}
	b.WriteString("\np50 and p99 are medians over the rounds. The target is p50 ≤ 5 ms and p99 ≤ 20 ms on both stores, the stretch p99 ≤ 10 ms.\n")
	return section{"Submit to result at the client", b.String()}
}

// waited is the cells of one thing that was timed: samples, p50, p99, the longest of all, and the span of the p99.
func waited[T any](rounds []T, of func(T) quantiles) string {
	samples, longest := 0, time.Duration(0)
	for _, r := range rounds {
		samples += of(r).Samples
		longest = max(longest, of(r).Longest)
	}
	p50 := over(rounds, func(r T) float64 { return float64(of(r).P50) })
	p99 := over(rounds, func(r T) float64 { return float64(of(r).P99) / 1e6 })
	return fmt.Sprintf("%d | **%s** | **%s** | %s | %s ms", samples, millis(p50.mid), millis(p99.mid*1e6), ms(longest), p99.span("%.2f"))
}
