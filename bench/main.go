// Command bench measures lastcall against others, side by side in one run, keeps what each round found as JSON in data/,
// and writes ../docs/benchmarks.md from those files and nothing else. It is a module of its own, so that what it compares
// with is never a user's dependency.
//
// Ratios are what counts: both sides of a comparison run on the same machine, in turns, in rounds that are seconds long,
// and the ratio is taken round by round before its median is. Absolute numbers are only a picture of one machine.
//
//	go run . [-only submits,work] [-rounds 3] [-short]    measure, all or some of the parts
//	go run . -page                                        write the page anew from data/, and measure nothing
//	go run . -compare REF [-only submits,idle]            two commits against each other
//
// The parts stand in parts.go, and [compared] has those of a comparison. PostgreSQL is started in a temporary folder;
// -postgres URL takes a server that is there, on which the role may make databases.
//
// It starts itself again as "bench bare", the handler to compare with, as "bench load", "bench notified" and "bench crowd",
// which make load from processes of their own, and as "bench pickup", which works River's jobs. What it starts ends with
// it, also when it is interrupted, and a run that takes longer than -limit is cut off.
package main

import (
	"context"
	"errors"
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
		case "crowd":
			return runCrowd(ctx, args[1:])
		case "pickup":
			return runPickup(ctx, args[1:])
		}
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, o.limit, fmt.Errorf("not done after %s (-limit)", o.limit))
	defer cancel()
	switch {
	case o.compare != "":
		err = compare(ctx, o)
	case !o.page:
		err = measure(ctx, o)
	}
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), err) // what failed was most likely cut off
	}
	if err != nil || o.short || o.compare != "" {
		return err
	}
	return writePage(dataDir, pagePath)
}
