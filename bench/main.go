// Command bench measures lastcall against others, side by side in one run, and writes what it found to
// ../docs/benchmarks.md. It is a module of its own, so that what it compares with is never a user's dependency.
//
// Ratios are what counts: both sides of a comparison run on the same machine, in turns, in rounds that are seconds long,
// and the ratio is taken round by round before its median is. Absolute numbers are only a picture of one machine.
//
//	go run . [-rounds 5] [-seconds 2] [-write=false]
//
// It starts itself again as "bench bare", the handler to compare with, and as "bench load", which makes the load from a
// process of its own.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
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
		}
	}
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	rounds := flags.Int("rounds", 5, "rounds of each comparison")
	seconds := flags.Float64("seconds", 2, "seconds of load on each side in a round")
	write := flags.Bool("write", true, "write docs/benchmarks.md")
	if err := flags.Parse(args); err != nil {
		return err
	}
	each := time.Duration(*seconds * float64(time.Second))
	found, err := compareSubmits(ctx, *rounds, each)
	if err != nil {
		return err
	}
	page := report(found, *rounds, each)
	fmt.Print("\n" + page)
	if !*write {
		return nil
	}
	return os.WriteFile("../docs/benchmarks.md", []byte(page), 0o644)
}
