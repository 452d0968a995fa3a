// Command history makes a store in which much has happened to one client: as many of its tasks as asked for have expired,
// each with its event. It is a program of its own so that it can be built without the race detector, under which writing
// so much takes longer than all that is then tested with it.
//
//	history FILE CLIENT TASKS
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "history:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("want FILE CLIENT TASKS, got %q", args)
	}
	tasks, err := strconv.Atoi(args[2])
	if err != nil {
		return fmt.Errorf("read the number of tasks: %w", err)
	}
	ctx := context.Background()
	store, err := sqlite.Open(ctx, args[0], sqlite.Options{})
	if err != nil {
		return err
	}
	if err := happen(ctx, store, args[1], tasks); err != nil {
		return err
	}
	return store.Close()
}

// portion is how much is written at a time.
const portion = 5000

// happen submits tasks that nobody has the time to run, and has them expire.
func happen(ctx context.Context, store lastcall.Store, client string, tasks int) error {
	incarnation, err := store.Join(ctx, lastcall.NodeInfo{Name: "history", Lease: time.Minute})
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	for left := tasks; left > 0; left -= portion {
		batch := make([]lastcall.Submission, min(portion, left))
		for i := range batch {
			batch[i] = lastcall.Submission{Type: "echo", Client: client, ExpiresIn: time.Microsecond}
		}
		if _, err := store.Submit(ctx, batch); err != nil {
			return fmt.Errorf("submit: %w", err)
		}
	}
	for expired := 0; expired < tasks; {
		did, err := store.Sweep(ctx, lastcall.Sweep{
			Incarnation: incarnation, MaxCrashes: lastcall.DefaultMaxCrashes,
			KeepTasks: time.Hour, KeepEvents: time.Hour, Limit: portion,
		})
		if err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
		expired += did.Expired
	}
	return store.Leave(ctx, incarnation)
}
