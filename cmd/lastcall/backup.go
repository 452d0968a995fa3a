package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall/sqlite"
)

func backupCommand() *cobra.Command {
	return storeCommand(&cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the store into a file, while nodes use it",
		Long: `backup copies the store into a new file, whole and as of one moment, while nodes go on writing. FILE must not be there
yet, and bears its name only when the copy is complete and on the disk.

To go back to a backup: stop all nodes, put the file in the store's place (without the -wal and -shm beside it), run
lastcall new-epoch, and start the nodes.`,
		Example: `  lastcall backup /backups/lastcall-$(date +%F).db --store sqlite:/var/lib/lastcall/lastcall.db`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("backup takes the name of one file, and got %d", len(args))}
			}
			return nil
		},
	}, backup)
}

// backupDocument says what has been written.
type backupDocument struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}

func backup(ctx context.Context, store *sqlite.Store, args []string, out output) error {
	if err := store.Backup(ctx, args[0]); err != nil {
		return err
	}
	info, err := os.Stat(args[0])
	if err != nil {
		return err
	}
	if out.json {
		return out.line(backupDocument{args[0], info.Size()})
	}
	fmt.Fprintf(out, "%s, %d bytes\n", args[0], info.Size())
	return nil
}
