package worker

import (
	"log/slog"
	"slices"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Options say who the worker is and how it works. The zero value of each field but Node and Types stands for the
// default that is named beside it.
type Options struct {
	Node    string // the name that others see
	Version string
	Address string // where peers may probe /readyz; none

	// Types are those that the node takes. It announces all of them, and runs those that are not Pull.
	Types       []lastcall.TaskType
	Concurrency int             // runs at a time, all types together; 64
	Limits      lastcall.Limits // of outputs and checkpoints

	Lease      time.Duration // how long the node's runs stay its own without a beat; 6 s
	Beat       time.Duration // between renewals of the lease; 2 s
	SweepEvery time.Duration // 1 s
	Poll       time.Duration // between claims that no hint asked for, within a quarter either way; 1 s

	MaxCrashes  int           // after which a task fails; 3
	KeepTasks   time.Duration // finished tasks; 168 h
	KeepEvents  time.Duration // 168 h
	StopTimeout time.Duration // what a handler gets to return in, where its type says nothing; 5 s

	Logger *slog.Logger // slog.Default

	// Phase and Connections are told to the store with each beat. By default, "ready" and 0.
	Phase       func() string
	Connections func() int
	// Changed is called after anything that Look tells has changed. It must not block; it may call the Worker.
	Changed func()
	// Settled is called after a run's outcome was recorded, with what became of its task and how long its handler took.
	// It must not block.
	Settled func(typ string, became lastcall.Status, took time.Duration)
	// Lapsed is called after a sweep of this node has ended leases of workers outside, with how many. It must not block.
	Lapsed func(leases int)

	announced []string // the names of all types, those too that are not run here
}

// The bounds of the worker's own calls and waits. None of them is worth a setting.
const (
	callTimeout   = 10 * time.Second       // of one call of the store
	minBackoff    = 100 * time.Millisecond // after a call that failed
	maxBackoff    = 2 * time.Second
	progressEvery = 250 * time.Millisecond // between writes of a run's progress
	logEvery      = time.Second            // between writes of a run's log
	maxFirst      = 3 * time.Second        // of the sweeps before the first claim
	sweepLimit    = 500                    // rows of each kind in one sweep
	workPace      = 50 * time.Millisecond  // between looks for work of another process
	cancelPace    = 500 * time.Millisecond // between looks for its cancels
	minSweepGap   = 10 * time.Millisecond  // between sweeps that found nothing: clocks differ a little
	maxMessage    = 4 << 10                // bytes of an error's or a progress message
)

func (o Options) withDefaults() Options {
	fill(&o.Concurrency, 64)
	fill(&o.Lease, 6*time.Second)
	fill(&o.Beat, 2*time.Second)
	fill(&o.SweepEvery, time.Second)
	fill(&o.Poll, time.Second)
	fill(&o.MaxCrashes, lastcall.DefaultMaxCrashes)
	fill(&o.KeepTasks, 7*24*time.Hour)
	fill(&o.KeepEvents, 7*24*time.Hour)
	fill(&o.StopTimeout, 5*time.Second)
	fill(&o.Limits.Output, lastcall.DefaultLimits().Output)
	fill(&o.Limits.Checkpoint, lastcall.DefaultLimits().Checkpoint)
	fill(&o.Limits.Name, lastcall.DefaultLimits().Name)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Phase == nil {
		o.Phase = func() string { return "ready" }
	}
	if o.Connections == nil {
		o.Connections = func() int { return 0 }
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Settled == nil {
		o.Settled = func(string, lastcall.Status, time.Duration) {}
	}
	if o.Lapsed == nil {
		o.Lapsed = func(int) {}
	}
	for i := range o.Types {
		o.announced = append(o.announced, o.Types[i].Name)
	}
	o.Types = slices.DeleteFunc(slices.Clone(o.Types), func(t lastcall.TaskType) bool { return t.Pull })
	for i := range o.Types {
		t := &o.Types[i]
		fill(&t.Concurrency, o.Concurrency)
		fill(&t.Timeout, lastcall.DefaultTimeout)
		fill(&t.StopTimeout, o.StopTimeout)
	}
	return o
}

func fill[T comparable](v *T, fallback T) {
	var zero T
	if *v == zero {
		*v = fallback
	}
}
