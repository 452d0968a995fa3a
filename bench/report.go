package main

import (
	"fmt"
	"strings"
	"time"
)

// reportSubmits is the section of durable submits.
func reportSubmits(pairs []*pair, rounds int, each time.Duration) section {
	var b strings.Builder
	fmt.Fprintf(&b, `%[1]s submits one small task after the other over each connection, to lastcall on an SQLite file (each 202 after an fsync;
what arrives together shares one) and to a bare %[2]s handler that decodes and answers the same JSON and stores nothing.
The worker is busy with something else, so that submits are measured and not the work.

This run: %[3]s; the load comes from a process of its own on the same CPUs.

| connections | durable submits/s | p50 | p99 | bare requests/s | ratio, median | lowest to highest |
|---:|---:|---:|---:|---:|---:|---|
`, "`make bench`", "`net/http`", machine("%d rounds of %s a side", rounds, each))
	for _, p := range pairs {
		r := ratios(p.ours, p.bare, loaded.perSecond)
		fmt.Fprintf(&b, "| %d | %.0f | %s | %s | %.0f | **%.2f** | %s |\n", p.conns,
			over(p.ours, loaded.perSecond).mid,
			millis(over(p.ours, func(l loaded) float64 { return float64(l.P50) }).mid),
			millis(over(p.ours, func(l loaded) float64 { return float64(l.P99) }).mid),
			over(p.bare, loaded.perSecond).mid, r.mid, r.span("%.2f"))
	}
	b.WriteString("\nThe target at 64 connections is a ratio of 0.45, the stretch 0.65.\n")
	return section{"Durable submits over REST", b.String()}
}
