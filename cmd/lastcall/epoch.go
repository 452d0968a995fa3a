package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall/sqlite"
)

func newEpochCommand() *cobra.Command {
	return storeCommand(&cobra.Command{
		Use:   "new-epoch",
		Short: "Tell all clients that their mailboxes are not what they were",
		Long: `new-epoch gives every mailbox of a store a new epoch, which is needed once after the store has been restored from a
backup: the numbers of events that were lost with it are given out again, and a client that had seen the old ones would
take the new for repeats. With a new epoch each client is told of a gap when it comes back, and then what its mailbox
holds.`,
		Args: noArguments,
	}, newEpoch)
}

// epochDocument says what has been done.
type epochDocument struct {
	Mailboxes int64 `json:"mailboxes"`
}

func newEpoch(ctx context.Context, store *sqlite.Store, _ []string, out output) error {
	n, err := store.NewEpoch(ctx)
	if err != nil {
		return err
	}
	if out.json {
		return out.line(epochDocument{n})
	}
	fmt.Fprintf(out, "%d mailboxes have a new epoch\n", n)
	return nil
}
