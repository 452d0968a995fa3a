package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Order is what a customer wants.
type Order struct {
	Items []string `json:"items"`
	Cents int      `json:"cents"`
}

// Receipt is what has been done for an order so far, and in the end all of it. It is the checkpoint, too.
type Receipt struct {
	Charge string   `json:"charge"` // the bank's number of it
	Packed []string `json:"packed"`
}

// packing is how long it takes to pack an item.
const packing = 200 * time.Millisecond

// fulfilment is how orders are carried out.
type fulfilment struct{ bank string }

// carryOut pays and packs an order. It goes on where the last run ended: that one may have been killed anywhere, even
// between what it did and its word of it. So what is done outside is done under a name that all runs share, and what is
// done here is kept after each step.
func (f fulfilment) carryOut(ctx context.Context, o Order) (Receipt, error) {
	run, done := lastcall.RunFrom(ctx), Receipt{Packed: []string{}}
	if last := run.LastCheckpoint(); last != nil {
		if err := json.Unmarshal(last, &done); err != nil {
			return done, fmt.Errorf("read the checkpoint: %w", err)
		}
	}
	if done.Charge == "" {
		run.Progress(5, "paying")
		// The order's name, and not the run's: whichever run asks, there is one charge.
		charge, err := pay(ctx, f.bank, run.Task().ID, run.Fence(), o.Cents)
		if err != nil {
			return done, err
		}
		done.Charge = charge
		if err := keep(run, done); err != nil {
			return done, err
		}
	}
	for i := len(done.Packed); i < len(o.Items); i++ {
		run.Progress(10+90*float64(i)/float64(len(o.Items)), "packing "+o.Items[i])
		select {
		case <-time.After(packing): // the work
		case <-ctx.Done():
			return done, context.Cause(ctx) // handed back by a drain that has no more time; canceled if somebody asked for that
		}
		done.Packed = append(done.Packed, o.Items[i])
		if err := keep(run, done); err != nil {
			return done, err
		}
	}
	return done, nil
}

// keep leaves what is done to the next run.
func keep(run lastcall.Run, done Receipt) error {
	state, err := json.Marshal(done)
	if err != nil {
		return err
	}
	return run.Checkpoint(state)
}
