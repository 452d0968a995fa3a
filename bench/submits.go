package main

import (
	"context"
	"fmt"
	"path/filepath"
)

// connections are the widths of the load.
var connections = []int{1, 16, 64, 256}

// pair is what one width came to.
type pair struct {
	conns      int
	ours, bare []loaded
}

// submits measures durable submits against the bare handler, in turns.
func (r *rig) submits(ctx context.Context) (section, error) {
	var pairs []*pair
	for _, conns := range connections {
		p := &pair{conns: conns}
		pairs = append(pairs, p)
		for round := range r.rounds {
			if err := p.measure(ctx, r, round); err != nil {
				return section{}, fmt.Errorf("%d connections: %w", conns, err)
			}
		}
	}
	return reportSubmits(pairs, r.rounds, r.seconds), nil
}

// measure is one round: both sides, each in a fresh process. Who goes first changes from round to round.
func (p *pair) measure(ctx context.Context, r *rig, round int) error {
	sides := []func() (loaded, error){
		func() (loaded, error) { return loadBare(ctx, p.conns, r.seconds) },
		func() (loaded, error) {
			file := filepath.Join(r.dir, fmt.Sprintf("%d-%d.db", p.conns, round))
			return loadOurs(ctx, r.command, file, p.conns, r.seconds)
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
	fmt.Printf("submits, %3d connections, round %d: %7.0f/s durable, %7.0f/s bare, ratio %.2f\n",
		p.conns, round+1, got[1].perSecond(), got[0].perSecond(), got[1].perSecond()/got[0].perSecond())
	return nil
}
