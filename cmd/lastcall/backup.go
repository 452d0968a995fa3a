package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/server"
)

func backupCommand() *cobra.Command {
	return storeCommand(&cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the store into a file, while nodes use it",
		Long: `backup copies an embedded store into a new file, whole and as of one moment, while nodes go on writing. FILE must not be there
yet, and bears its name only when the copy is complete and on the disk.

To go back to a backup: stop all nodes, put the file in the store's place (without the -wal and -shm beside it), run
lastcall new-epoch, and start the nodes.

A PostgreSQL database is copied with pg_dump, or with pg_basebackup and the log archived. After it was restored
new-epoch is needed just as well.`,
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

func backup(ctx context.Context, address string, args []string, out output) error {
	if server.OnPostgres(address) {
		return usageError{errors.New("backup copies the file of an embedded store; a database is copied with PostgreSQL's own tools, " +
			"pg_dump, or pg_basebackup with the log archived (docs/operations.md)")}
	}
	err := withStore(ctx, address, func(store lastcall.Store) error {
		backuper, ok := store.(lastcall.Backuper)
		if !ok {
			return errors.New("this kind of store makes no copies of itself")
		}
		return backuper.Backup(ctx, args[0])
	})
	if err != nil {
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
