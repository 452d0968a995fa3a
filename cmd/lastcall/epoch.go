package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall"
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

func newEpoch(ctx context.Context, address string, _ []string, out output) error {
	var n int64
	err := withStore(ctx, address, func(store lastcall.Store) (err error) {
		renewer, ok := store.(lastcall.EpochRenewer)
		if !ok {
			return errors.New("this kind of store has no epochs to renew")
		}
		n, err = renewer.NewEpoch(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if out.json {
		return out.line(epochDocument{n})
	}
	fmt.Fprintf(out, "%d mailboxes have a new epoch\n", n)
	return nil
}
