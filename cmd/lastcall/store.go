package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall/sqlite"
)

// storeCommand is a command that works on a store itself, beside the nodes that use it or while there are none. Do
// writes its result to out.
func storeCommand(cmd *cobra.Command, do func(ctx context.Context, store *sqlite.Store, args []string, out output) error) *cobra.Command {
	var address string
	var asJSON bool
	cmd.Flags().StringVar(&address, "store", "sqlite:lastcall.db", "where the data is, `sqlite:PATH` (LASTCALL_STORE)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if v := os.Getenv("LASTCALL_STORE"); v != "" && !cmd.Flags().Changed("store") {
			address = v
		}
		path, err := storePath(address)
		if err != nil {
			return usageError{err}
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		// A newer command must not bring the file on under older nodes.
		store, err := sqlite.Open(ctx, path, sqlite.Options{Logger: slog.New(slog.DiscardHandler), KeepSchema: true})
		if err != nil {
			return err
		}
		err = do(ctx, store, args, newOutput(cmd.OutOrStdout(), asJSON))
		return errors.Join(err, store.Close())
	}
	return cmd
}

// storePath is the file of a store that is there: these commands make none.
func storePath(address string) (string, error) {
	path, ok := strings.CutPrefix(address, "sqlite:")
	if !ok || path == "" {
		return "", fmt.Errorf("store %q: must be sqlite:PATH", address)
	}
	switch _, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no store at %s; name it with --store or LASTCALL_STORE", path)
	case err != nil:
		return "", fmt.Errorf("store: %w", err)
	}
	return path, nil
}
