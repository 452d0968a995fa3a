package main

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// submitted is what durable submits came to, at each width.
type submitted struct {
	Each   time.Duration `json:"each"` // of load on each side
	Python string        `json:"python"`
	Widths []*width      `json:"widths"`
}

// width is what a number of connections came to, round by round, on each side.
type width struct {
	Conns int      `json:"conns"`
	Ours  []loaded `json:"ours"`
	Bare  []loaded `json:"bare"`
	// FastAPI with one worker, as in the article, and tuned: with one for each CPU, and a response made by hand.
	FastAPI []loaded `json:"fastapi"`
	Tuned   []loaded `json:"fastapi_tuned"`
}

// submits measures durable submits against the bare handler and FastAPI, in turns.
func (r *rig) submits(ctx context.Context) (submitted, error) {
	found := submitted{Each: r.seconds}
	var err error
	if found.Python, err = fastAPIVersion(ctx); err != nil {
		return found, err
	}
	for _, conns := range r.widths {
		w := &width{Conns: conns}
		found.Widths = append(found.Widths, w)
		for round := range r.rounds {
			if err := w.measure(ctx, r, round); err != nil {
				return found, fmt.Errorf("%d connections: %w", conns, err)
			}
		}
	}
	return found, nil
}

// measure is one round: all sides, each in a fresh process. Who goes first changes from round to round.
func (w *width) measure(ctx context.Context, r *rig, round int) error {
	sides := []struct {
		name string
		into *[]loaded
		run  func(context.Context, *rig, int) (loaded, error)
	}{
		{"lastcall", &w.Ours, loadOurs},
		{"bare", &w.Bare, loadBare},
		{"FastAPI", &w.FastAPI, loadFastAPI},
		{"FastAPI tuned", &w.Tuned, loadFastAPITuned},
	}
	fmt.Printf("submits, %3d connections, round %d:", w.Conns, round+1)
	for i := range sides {
		s := sides[(i+round)%len(sides)]
		got, err := s.run(ctx, r, w.Conns)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		*s.into = append(*s.into, got)
		fmt.Printf(" %s %.0f/s", s.name, got.perSecond())
	}
	fmt.Println()
	return nil
}

func loadOurs(ctx context.Context, r *rig, conns int) (loaded, error) {
	return loadCommand(ctx, r, r.command, conns)
}

// loadCommand loads a command on a new file. Its single worker is kept busy by a task that lasts longer than the round, so
// that submits are measured and not the work.
func loadCommand(ctx context.Context, r *rig, command string, conns int) (loaded, error) {
	n, err := serve(ctx, command, r.newFile(), "--concurrency", "1")
	if err != nil {
		return loaded{}, err
	}
	defer n.end()
	if _, err := n.occupy(ctx, time.Hour); err != nil {
		return loaded{}, err
	}
	return r.load(ctx, n.addr, conns)
}

// loadBare starts the bare handler and loads it.
func loadBare(ctx context.Context, r *rig, conns int) (loaded, error) {
	h, err := startHelper(ctx, "bare")
	if err != nil {
		return loaded{}, err
	}
	defer h.end()
	return r.load(ctx, h.ready, conns)
}

// showSubmits is the section of durable submits.
func showSubmits(m machine, found submitted) section {
	var b strings.Builder
	fmt.Fprintf(&b, `One small task after the other is submitted over each connection, to

* lastcall on an SQLite file: each 202 after an fsync, which those share that arrive together. The worker is busy with something
  else, so that submits are measured and not the work;
* a bare %[1]s handler that decodes and answers the same JSON and stores nothing;
* FastAPI, the article's own stack: [an app](../bench/fastapi/app.py) that decodes and answers the same JSON and hands each
  task to %[2]s, which has nothing to do; what it accepts is in memory only. It has one worker as in the article, and,
  tuned, one for each CPU, and makes its response by hand. %[3]s.

This run: %[4]s of %[5]s a side; the load comes from a process of its own on the same CPUs.

| connections | durable submits/s | p50 | p99 | bare requests/s | ratio to bare | FastAPI requests/s | ratio to it | FastAPI tuned | ratio to it |
|---:|---:|---:|---:|---:|---|---:|---|---:|---|
`, "`net/http`", "`BackgroundTasks`", found.Python, m, found.Each)
	for _, w := range found.Widths {
		fmt.Fprintf(&b, "| %d | %.0f | %s | %s | %s | %s | %s |\n", w.Conns, over(w.Ours, loaded.perSecond).mid,
			millis(over(w.Ours, func(l loaded) float64 { return float64(l.P50) }).mid),
			millis(over(w.Ours, func(l loaded) float64 { return float64(l.P99) }).mid),
			beside(w.Ours, w.Bare), beside(w.Ours, w.FastAPI), beside(w.Ours, w.Tuned))
	}
	b.WriteString("\nRatios are medians, and in brackets the lowest and the highest. The target at 64 connections is 0.45 to the bare\n" +
		"handler, the stretch 0.65; 4 to FastAPI, the stretch 7.\n")
	return section{"Durable submits over REST", b.String()}
}

// beside is two cells: another side's rate, and ours as a multiple of it.
func beside(ours, other []loaded) string {
	q := ratios(ours, other, loaded.perSecond)
	return fmt.Sprintf("%.0f | **%.2f** (%s)", over(other, loaded.perSecond).mid, q.mid, q.span("%.2f"))
}
