// Command bench measures lastcall against others, side by side in one run, and writes what it found to
// ../docs/benchmarks.md. It is a module of its own, so that what it compares with is never a user's dependency.
//
// Ratios are what counts: both sides of a comparison run on the same machine, in turns, in rounds that are seconds long,
// and the ratio is taken round by round before its median is. Absolute numbers are only a picture of one machine.
//
//	go run . [-only work,latency] [-rounds 5] [-short] [-write=false]
//
// The parts are
//
//	submits  durable submits over REST on SQLite, against a handler that stores nothing
//	work     tasks that do nothing worked off on PostgreSQL, against River
//	latency  submit to result at the client, on both stores, beside River's pick-up
//	backlog  throughput with a long queue against that with a short one, on both stores
//	nodes    one node against three on the same PostgreSQL
//
// and postgres stands for all but the first. PostgreSQL is started in a temporary folder; -postgres URL takes a server
// that is there, on which the role may make databases.
//
// It starts itself again as "bench bare", the handler to compare with, as "bench load" and "bench notified", which make
// load from a process of their own, and as "bench pickup", which works River's jobs.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "bare":
			return serveBare(ctx)
		case "load":
			return runLoad(ctx, args[1:])
		case "notified":
			return runNotified(ctx, args[1:])
		case "pickup":
			return runPickup(ctx, args[1:])
		}
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	p, err := readPage(pagePath)
	if err != nil {
		return err
	}
	found, err := measure(ctx, o)
	// What was measured before something failed is worth keeping.
	for _, s := range found {
		p.put(s)
		fmt.Printf("\n## %s\n\n%s", s.title, s.text)
	}
	if o.write && len(found) > 0 {
		err = firstOf(err, os.WriteFile(pagePath, []byte(p.String()), 0o644))
	}
	return err
}
