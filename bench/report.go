package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is docs/benchmarks.md.
func report(pairs []*pair, rounds int, each time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Benchmarks

Written by %[1]s, which anyone can run: it needs Go and some minutes. What counts are the ratios: both sides run on
the same machine, in turns, and each ratio is of one round. Absolute numbers are a picture of one machine.

This run: %[2]s, %[3]d CPUs, %[4]s, %[5]d rounds of %[6]s a side; the load comes from a process of its own on the same CPUs.

## Durable submits over REST

%[1]s submits one small task after the other over each connection, to lastcall on an SQLite file (each 202 after an fsync;
what arrives together shares one) and to a bare %[7]s handler that decodes and answers the same JSON and stores nothing.
The worker is busy with something else, so that submits are measured and not the work.

| connections | durable submits/s | p50 | p99 | bare requests/s | ratio, median | lowest to highest |
|---:|---:|---:|---:|---:|---:|---|
`, "`make bench`", time.Now().UTC().Format("2006-01-02"), runtime.NumCPU(), runtime.Version(), rounds, each, "`net/http`")
	for _, p := range pairs {
		low, mid, high := p.ratio()
		fmt.Fprintf(&b, "| %d | %.0f | %s | %s | %.0f | **%.2f** | %.2f to %.2f |\n", p.conns,
			median(p.ours, loaded.perSecond),
			millis(median(p.ours, func(l loaded) float64 { return float64(l.P50) })),
			millis(median(p.ours, func(l loaded) float64 { return float64(l.P99) })),
			median(p.bare, loaded.perSecond), mid, low, high)
	}
	fmt.Fprint(&b, "\nThe target at 64 connections is a ratio of 0.45, the stretch 0.65.\n")
	return b.String()
}

func millis(ns float64) string { return fmt.Sprintf("%.2f ms", ns/1e6) }

func median(all []loaded, of func(loaded) float64) float64 {
	values := make([]float64, len(all))
	for i, l := range all {
		values[i] = of(l)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
