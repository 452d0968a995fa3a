package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// connections are the widths of the load.
var connections = []int{1, 16, 64, 256}

// pair is what one width came to.
type pair struct {
	conns      int
	ours, bare []loaded
	ratios     []float64 // ours to bare, round by round
}

func (p *pair) ratio() (low, median, high float64) {
	s := slices.Sorted(slices.Values(p.ratios))
	return s[0], s[len(s)/2], s[len(s)-1]
}

// compareSubmits measures durable submits against the bare handler, in turns.
func compareSubmits(ctx context.Context, rounds int, each time.Duration) ([]*pair, error) {
	dir, err := os.MkdirTemp("", "lastcall-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // temporary files that stay harm nobody
	command := filepath.Join(dir, "lastcall")
	if err := buildCommand(ctx, command); err != nil {
		return nil, err
	}
	var pairs []*pair
	for _, conns := range connections {
		p := &pair{conns: conns}
		pairs = append(pairs, p)
		for round := range rounds {
			if err := p.measure(ctx, command, dir, round, each); err != nil {
				return nil, fmt.Errorf("%d connections: %w", conns, err)
			}
		}
	}
	return pairs, nil
}

// measure is one round: both sides, each in a fresh process. Who goes first changes from round to round.
func (p *pair) measure(ctx context.Context, command, dir string, round int, each time.Duration) error {
	sides := []func() (loaded, error){
		func() (loaded, error) { return loadBare(ctx, p.conns, each) },
		func() (loaded, error) {
			return loadOurs(ctx, command, filepath.Join(dir, fmt.Sprintf("%d-%d.db", p.conns, round)), p.conns, each)
		},
	}
	var got [2]loaded
	for i := range sides {
		side := (i + round) % 2
		var err error
		if got[side], err = sides[side](); err != nil {
			return err
		}
	}
	p.bare, p.ours = append(p.bare, got[0]), append(p.ours, got[1])
	p.ratios = append(p.ratios, got[1].perSecond()/got[0].perSecond())
	fmt.Printf("submits, %3d connections, round %d: %7.0f/s durable, %7.0f/s bare, ratio %.2f\n",
		p.conns, round+1, got[1].perSecond(), got[0].perSecond(), got[1].perSecond()/got[0].perSecond())
	return nil
}
