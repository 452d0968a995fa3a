package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/postgres"
	"github.com/lastcall-dev/lastcall/sqlite"
)

func doctorCommand() *cobra.Command {
	return storeCommand(&cobra.Command{
		Use:   "doctor",
		Short: "Look what would hurt a store, and say what to do",
		Long: `doctor looks at a store, with nodes running or without, and changes nothing. What it finds is ok, or warn: it
will hurt some day, or hurts already; or bad: a promise is not kept, or nodes do not work. If anything is bad it exits with
1, so that it serves as a check that a machine runs.

Of a file it reads every page, which takes its time where there are many.`,
		Args: noArguments,
	}, doctor)
}

// doctorDocument says what was found, what is worst first.
type doctorDocument struct {
	Findings []lastcall.Finding `json:"findings"`
}

func doctor(ctx context.Context, address string, _ []string, out output) error {
	found, err := examine(ctx, address)
	if err != nil {
		if out.json && !mistaken(err) { // whoever reads this, and not how we ended, must not take silence for health
			err = errors.Join(err, out.line(doctorDocument{[]lastcall.Finding{unseen(err)}}))
		}
		return err
	}
	worst := []string{lastcall.LevelBad, lastcall.LevelWarn, lastcall.LevelOK}
	slices.SortStableFunc(found, func(a, b lastcall.Finding) int {
		return slices.Index(worst, a.Level) - slices.Index(worst, b.Level)
	})
	if out.json {
		err = out.line(doctorDocument{found})
	} else {
		tell(found, out)
	}
	if err == nil && slices.ContainsFunc(found, func(f lastcall.Finding) bool { return f.Level == lastcall.LevelBad }) {
		return exitError(exitFailed)
	}
	return err
}

// unseen is what was found of a store that could not be looked at.
func unseen(err error) lastcall.Finding {
	return lastcall.Finding{
		Check: "store", Level: lastcall.LevelBad, Seen: err.Error(), Why: "a node that starts now does not get any further",
		Do: "see what it says; lastcall help exit-codes has what the exit code means",
	}
}

func examine(ctx context.Context, address string) ([]lastcall.Finding, error) {
	path, embedded, err := sqlitePath(address)
	switch {
	case err != nil:
		return nil, err
	case embedded:
		return sqlite.Examine(ctx, path)
	}
	return postgres.Examine(ctx, address, postgres.Options{})
}

// tell writes the findings for people.
func tell(found []lastcall.Finding, out output) {
	for _, f := range found {
		fmt.Fprintf(out, "%-4s  %s: %s\n", f.Level, printable(f.Check), printable(f.Seen))
		if f.Level != lastcall.LevelOK {
			fmt.Fprintf(out, "      why   %s\n      do    %s\n", printable(f.Why), printable(f.Do))
		}
	}
}
