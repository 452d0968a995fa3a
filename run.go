package lastcall

import (
	"context"
	"io"
)

// MaxLog is how many bytes of what a run writes are kept: the last ones.
const MaxLog = 64 << 10

// Run is a run as its handler sees it.
type Run interface {
	// Task is the task as it was when the run began. Do not change what it points to.
	Task() Task
	// Attempt counts from 1; a run that was cut off by a drain or a crash does not count.
	Attempt() int
	// Fence is the number of the run: it only grows. A handler passes it to systems of its own, which then refuse
	// what an earlier run of the same task still tries to write (G3).
	Fence() int64
	// Progress tells whoever watches how far the work is, 0 to 100. It may be called at any rate: the latest word wins.
	Progress(percent float64, message string)
	// Checkpoint keeps data for the next run of this task, should there be one. It returns once data is on stable
	// storage; it fails with CodeLeaseLost when the run is no longer the current one, with CodeTooLarge over the limit.
	Checkpoint(data []byte) error
	// LastCheckpoint is what the latest Checkpoint of an earlier run kept; nil if there was none.
	LastCheckpoint() []byte
	// Log takes what the run has to say to whoever looks after it, in any form. The last MaxLog bytes are kept with the
	// task until its next run. It may be written to concurrently, never blocks on the store and never fails.
	Log() io.Writer
	// Draining is closed when the node has been told to stop and the run still has time: the moment to come to a good
	// end or to write a checkpoint. The context ends only later, and perhaps never.
	Draining() <-chan struct{}
}

type runKey struct{}

// WithRun gives a handler's context its run.
func WithRun(ctx context.Context, r Run) context.Context { return context.WithValue(ctx, runKey{}, r) }

// RunFrom is the run that ctx belongs to, nil outside a handler.
func RunFrom(ctx context.Context) Run {
	r, _ := ctx.Value(runKey{}).(Run)
	return r
}
