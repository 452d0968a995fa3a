// Package handler holds ways to run a task that are ready to be served: as constructors of lastcall.TaskType, whose
// settings the caller may still change. It depends on the root package alone, and a worker runs what it makes like any
// other handler: nothing here is known to it.
//
// The two types of this file need no program and no configuration. They are what a server offers that was started
// without one, so that it can be tried at once, and they show what a good handler does: it reports progress, it listens
// to its context, and it leaves a checkpoint from which its next run goes on.
package handler

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Echo is the type "echo": its output is its input.
func Echo() lastcall.TaskType {
	return lastcall.TaskType{Name: "echo", Handler: lastcall.HandlerFunc(echo)}
}

func echo(_ context.Context, input json.RawMessage) (json.RawMessage, error) { return input, nil }

// Sleep is the type "sleep": work that takes its time. Its input is {"ms":2000,"steps":10}, both with these defaults:
// how long it takes altogether, and how many words of progress it gives. Its output is the input with the defaults
// filled in. An input out of bounds fails for good, with the code bad_input.
//
// When its context ends it writes down the last step that it finished and returns; its next run goes on behind it.
func Sleep() lastcall.TaskType {
	return lastcall.TaskType{Name: "sleep", Handler: lastcall.HandlerFunc(sleep)}
}

// nap is the input and output of sleep.
type nap struct {
	MS    int64 `json:"ms"`
	Steps int64 `json:"steps"`
}

const (
	maxNap   = 24 * time.Hour
	maxSteps = 10_000
	// checkpointEvery is how often sleep writes down where it is, for the case of a crash: each time is a write to the
	// disk, and not worth more than it saves.
	checkpointEvery = time.Second
)

func parseNap(input json.RawMessage) (nap, error) {
	n := nap{MS: 2000, Steps: 10}
	if err := json.Unmarshal(input, &n); len(input) > 0 && err != nil {
		return n, badInput(err.Error())
	}
	if n.MS < 0 || n.MS > maxNap.Milliseconds() {
		return n, badInput(fmt.Sprintf("ms must be from 0 to %d", maxNap.Milliseconds()))
	}
	if n.Steps < 1 || n.Steps > maxSteps {
		return n, badInput(fmt.Sprintf("steps must be from 1 to %d", maxSteps))
	}
	return n, nil
}

func badInput(message string) error {
	return lastcall.Permanent(&lastcall.TaskError{Code: lastcall.FailureBadInput, Message: message})
}

// end is when the given step ends, counted from the start of the first. The steps add up to MS exactly.
func (n nap) end(step int64) time.Duration {
	return time.Duration(math.Round(float64(step) / float64(n.Steps) * float64(n.MS) * float64(time.Millisecond)))
}

// place is the checkpoint of sleep.
type place struct {
	Step int64 `json:"step"`
}

func sleep(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
	n, err := parseNap(input)
	if err != nil {
		return nil, err
	}
	r := lastcall.RunFrom(ctx)
	done := n.resume(r.LastCheckpoint())
	saved := time.Now()
	for ; done < n.Steps; done++ {
		if err := pause(ctx, n.end(done+1)-n.end(done)); err != nil {
			return nil, leave(r, done, err)
		}
		r.Progress(float64(done+1)/float64(n.Steps)*100, fmt.Sprintf("step %d of %d", done+1, n.Steps))
		if time.Since(saved) >= checkpointEvery && done+1 < n.Steps {
			saved = time.Now()
			// Without it a crash costs some steps more; if the run is no longer the current one ctx ends by itself.
			_ = keep(r, done+1)
		}
	}
	return json.Marshal(n)
}

// resume is the step to go on behind, 0 if there is no place that makes sense.
func (n nap) resume(checkpoint []byte) int64 {
	var p place
	if json.Unmarshal(checkpoint, &p) != nil || p.Step < 0 || p.Step > n.Steps {
		return 0
	}
	return p.Step
}

// leave writes the place down and returns why sleep stops.
func leave(r lastcall.Run, step int64, why error) error {
	if err := keep(r, step); err != nil {
		return fmt.Errorf("%w (and its place could not be kept: %w)", why, err)
	}
	return why
}

func keep(r lastcall.Run, step int64) error {
	b, err := json.Marshal(place{Step: step})
	if err != nil {
		return err
	}
	return r.Checkpoint(b)
}

// pause waits, or returns why ctx ended.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
