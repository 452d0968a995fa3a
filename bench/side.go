package main

import (
	"context"
	"fmt"
	"time"
)

// side is one of those who are compared at working off tasks that do nothing. It lives on an empty database of its own.
type side interface {
	// insert puts n tasks into the queue, durably, as fast as this side can.
	insert(ctx context.Context, n int) error
	// start lets the workers loose.
	start(ctx context.Context) error
	// worked is how many tasks are done and written down as done; left is how many of those inserted are not.
	worked() int64
	left() int64
	// close stops the workers and lets go of the database.
	close() error
}

// rates are what a side came to.
type rates struct {
	Insert pace `json:"insert"` // nobody works
	Work   pace `json:"work"`   // nobody inserts
	Both   pace `json:"both"`   // from an inserter that keeps the queue filled
}

// pace is what a phase came to.
type pace struct {
	PerSecond float64       `json:"per_second"`
	CPU       time.Duration `json:"cpu"` // of this process and the server, for a task; 0 where it is not known
}

// clock measures a phase.
type clock struct {
	spent func() (time.Duration, bool)
	began time.Time
	cpu   time.Duration
}

func startClock(spent func() (time.Duration, bool)) clock {
	c := clock{spent: spent}
	c.cpu, _ = spent()
	c.began = time.Now()
	return c
}

// stop is the pace at which n tasks were done.
func (c clock) stop(n int64) pace {
	took := time.Since(c.began)
	p := pace{PerSecond: float64(n) / took.Seconds()}
	if cpu, known := c.spent(); known && n > 0 {
		p.CPU = (cpu - c.cpu) / time.Duration(n)
	}
	return p
}

// server is what a side is measured on.
type server interface {
	// calm gives it the rest that it would find in a longer life: statistics are fresh and what was written is on the disk.
	calm(ctx context.Context) error
	// spent is the processor time used so far, by it and by this process.
	spent() (time.Duration, bool)
}

// bout is how long a side is measured.
type bout struct {
	tasks   int           // inserted, then worked off
	backlog int           // that the inserter keeps in the continuous phase
	portion int           // that it inserts at a time
	warm    time.Duration // of the continuous phase, before it counts
	counts  time.Duration // of the continuous phase
}

// fight takes a side through the phases of River's own benchmark.
func (b bout) fight(ctx context.Context, s side, on server) (rates, error) {
	var r rates
	if err := on.calm(ctx); err != nil {
		return r, err
	}
	c := startClock(on.spent)
	if err := s.insert(ctx, b.tasks); err != nil {
		return r, fmt.Errorf("insert: %w", err)
	}
	r.Insert = c.stop(int64(b.tasks))
	if err := on.calm(ctx); err != nil {
		return r, err
	}
	c = startClock(on.spent)
	if err := s.start(ctx); err != nil {
		return r, fmt.Errorf("start: %w", err)
	}
	if err := until(ctx, func() bool { return s.worked() >= int64(b.tasks) }); err != nil {
		return r, fmt.Errorf("worked %d of %d: %w", s.worked(), b.tasks, err)
	}
	r.Work = c.stop(int64(b.tasks))
	if err := on.calm(ctx); err != nil {
		return r, err
	}
	var err error
	r.Both, err = b.continuous(ctx, s, on.spent)
	return r, err
}

// continuous measures with an inserter beside the workers, who have nothing to do when it begins.
func (b bout) continuous(ctx context.Context, s side, spent func() (time.Duration, bool)) (p pace, err error) {
	stopped, stop := context.WithCancel(ctx)
	defer stop()
	fed := make(chan error, 1)
	go func() { fed <- b.feed(stopped, s) }() // ends with stopped, and is waited for below
	if err := wait(ctx, b.warm); err != nil {
		return p, err
	}
	before, c := s.worked(), startClock(spent)
	if err := wait(ctx, b.counts); err != nil {
		return p, err
	}
	p = c.stop(s.worked() - before)
	stop()
	if err := <-fed; err != nil {
		return p, fmt.Errorf("feed: %w", err)
	}
	return p, nil
}

// feed keeps the backlog in the queue until ctx ends.
func (b bout) feed(ctx context.Context, s side) error {
	for ctx.Err() == nil {
		if s.left() >= int64(b.backlog) {
			_ = wait(ctx, time.Millisecond) // the end of ctx ends the loop
			continue
		}
		// An insert is not cut off: what it leaves behind would disturb whoever is measured next.
		if err := s.insert(context.WithoutCancel(ctx), b.portion); err != nil {
			return err
		}
	}
	return nil
}

// until waits for a condition.
func until(ctx context.Context, cond func() bool) error {
	for !cond() {
		if err := wait(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// wait lets time pass.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
