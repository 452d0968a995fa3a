package main

import (
	"fmt"
	"slices"
	"time"
)

// spread is what a number came to over the rounds.
type spread struct{ low, mid, high float64 }

func spreadOf(values []float64) spread {
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	return spread{s[0], (s[(n-1)/2] + s[n/2]) / 2, s[n-1]}
}

// over is the spread of what of makes of each round.
func over[T any](rounds []T, of func(T) float64) spread {
	values := make([]float64, len(rounds))
	for i, r := range rounds {
		values[i] = of(r)
	}
	return spreadOf(values)
}

// ratios is the spread of a to b, round by round.
func ratios[T any](a, b []T, of func(T) float64) spread {
	values := make([]float64, len(a))
	for i := range a {
		values[i] = of(a[i]) / of(b[i])
	}
	return spreadOf(values)
}

// span is how far it goes apart.
func (s spread) span(format string) string { return fmt.Sprintf(format+" to "+format, s.low, s.high) }

// waits are latencies that were measured.
type waits []time.Duration

// quantile is the wait that the share q of them does not exceed.
func (w waits) quantile(q float64) time.Duration {
	if len(w) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(w))
	return s[min(int(q*float64(len(s))), len(s)-1)]
}

func millis(ns float64) string { return fmt.Sprintf("%.2f ms", ns/1e6) }

// ms is a wait in a table.
func ms(d time.Duration) string { return millis(float64(d)) }
