package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"
)

// options are what is measured, and for how long.
type options struct {
	sizes

	parts    []string
	rounds   int
	short    bool // a quick look, which is written nowhere
	page     bool // write the page only
	compare  string
	postgres string
	limit    time.Duration
}

// sizes are how much of everything a round takes.
type sizes struct {
	widths  []int         // connections of submits
	seconds time.Duration // of load on each side in a round of submits
	paced   time.Duration // of a round of latency, after its warm-up
	backlog int           // tasks in the long queue
	sockets int           // where many clients are connected
	busy    time.Duration // how long the task takes that a stop waits for
	bout    bout
}

// long is what the page is made of, short a quick look.
var (
	long = sizes{
		widths: []int{1, 16, 64, 256}, seconds: 2 * time.Second, paced: 12 * time.Second, backlog: 1_000_000,
		sockets: 10_000, busy: 2 * time.Second,
		bout: bout{tasks: 50_000, backlog: 20_000, portion: riverBatch, warm: time.Second, counts: 5 * time.Second},
	}
	short = sizes{
		widths: []int{1, 64}, seconds: time.Second, paced: 2 * time.Second, backlog: 100_000,
		sockets: 1000, busy: time.Second,
		bout: bout{tasks: 10_000, backlog: 20_000, portion: riverBatch, warm: 500 * time.Millisecond, counts: 2 * time.Second},
	}
)

func parse(args []string) (options, error) {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	o := options{sizes: long}
	only := flags.String("only", "", "parts to measure, separated by commas; all")
	flags.BoolVar(&o.short, "short", false, "a quick look, which is written nowhere: few tasks, short rounds, a queue of 100,000, 1,000 sockets")
	flags.IntVar(&o.rounds, "rounds", 3, "rounds of each comparison")
	flags.StringVar(&o.postgres, "postgres", "", "URL of a PostgreSQL server to use in place of one of our own")
	flags.BoolVar(&o.page, "page", false, "measure nothing, and write docs/benchmarks.md anew from data/")
	flags.StringVar(&o.compare, "compare", "", "commit to hold the work tree against")
	flags.DurationVar(&o.limit, "limit", time.Hour, "the longest that a run may take")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.short {
		o.sizes = short
	}
	if o.rounds < 1 || flags.NArg() > 0 {
		return o, fmt.Errorf("at least one round, and no arguments beside flags; got %d and %q", o.rounds, flags.Args())
	}
	all := partNames(func(part) bool { return true })
	if o.compare != "" {
		all = comparedNames()
	}
	err := o.choose(*only, all)
	return o, err
}

// choose takes the names of parts.
func (o *options) choose(only string, all []string) error {
	if only == "" {
		o.parts = all
		return nil
	}
	o.parts = strings.Split(only, ",")
	for _, p := range o.parts {
		if !slices.Contains(all, p) {
			return fmt.Errorf("-only %s: there are %s", p, strings.Join(all, ", "))
		}
	}
	return nil
}
