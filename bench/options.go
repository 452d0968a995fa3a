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
	parts    []string
	rounds   int
	seconds  time.Duration // of load on each side in a round of submits
	paced    time.Duration // of a round of latency, after its warm-up
	backlog  int           // tasks in the long queue
	bout     bout
	postgres string
	write    bool
}

// needsPostgres are the parts that want a server.
var needsPostgres = []string{"work", "latency", "backlog", "nodes"}

func parse(args []string) (options, error) {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	o := options{
		seconds: 2 * time.Second, paced: 8 * time.Second, backlog: 1_000_000,
		bout: bout{tasks: 50_000, backlog: 20_000, portion: riverBatch, warm: time.Second, counts: 5 * time.Second},
	}
	only := flags.String("only", "", "parts to measure, separated by commas; all")
	short := flags.Bool("short", false, "a quick look: few tasks, short rounds, a queue of 100,000")
	flags.IntVar(&o.rounds, "rounds", 5, "rounds of each comparison")
	flags.StringVar(&o.postgres, "postgres", "", "URL of a PostgreSQL server to use in place of one of our own")
	flags.BoolVar(&o.write, "write", true, "write docs/benchmarks.md")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if *short {
		o.seconds, o.paced, o.backlog = time.Second, 2*time.Second, 100_000
		o.bout.tasks, o.bout.warm, o.bout.counts = 10_000, 500*time.Millisecond, 2*time.Second
	}
	err := o.choose(*only)
	return o, err
}

// choose takes the names of parts.
func (o *options) choose(only string) error {
	all := append([]string{"submits"}, needsPostgres...)
	switch only {
	case "":
		o.parts = all
		return nil
	case "postgres":
		o.parts = needsPostgres
		return nil
	}
	o.parts = strings.Split(only, ",")
	for _, p := range o.parts {
		if !slices.Contains(all, p) {
			return fmt.Errorf("-only %s: there are %s, and postgres for all but the first", p, strings.Join(all, ", "))
		}
	}
	return nil
}
