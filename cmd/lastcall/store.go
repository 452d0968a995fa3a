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
	"time"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/config"
	"github.com/lastcall-dev/lastcall/postgres"
	"github.com/lastcall-dev/lastcall/server"
	"github.com/lastcall-dev/lastcall/sqlite"
)

// storeFlags are what a command takes that works on a store itself, beside the nodes that use it or while there are none.
type storeFlags struct {
	store string
	file  string
	json  bool
}

// storeCommand is such a command. Do gets the store's address, a context that ends with Ctrl-C or SIGTERM, and writes its
// result to out.
func storeCommand(cmd *cobra.Command, do func(ctx context.Context, store string, args []string, out output) error) *cobra.Command {
	var f storeFlags
	cmd.Flags().StringVar(&f.store, "store", "sqlite:lastcall.db", "`address` of the data, sqlite:PATH or postgres://… (LASTCALL_STORE)")
	cmd.Flags().StringVar(&f.file, "store-file", "", "`file` that the address of the store is read from (LASTCALL_STORE_FILE)")
	cmd.Flags().BoolVar(&f.json, "json", false, "write JSON")
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		store, err := f.address(cmd)
		if err != nil {
			return usageError{err}
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		err = do(ctx, store, args, newOutput(cmd.OutOrStdout(), f.json))
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return exitError(exitInterrupted)
		}
		return err
	}
	return cmd
}

// address is the store's, as it was given: a flag wins over a variable. It is not told again, but by server.StoreName.
func (f *storeFlags) address(cmd *cobra.Command) (string, error) {
	flags := cmd.Flags()
	if !flags.Changed("store") && !flags.Changed("store-file") {
		f.file = os.Getenv("LASTCALL_STORE_FILE")
		if v := os.Getenv("LASTCALL_STORE"); v != "" {
			if f.file != "" {
				return "", errors.New("LASTCALL_STORE_FILE cannot be given beside LASTCALL_STORE")
			}
			f.store = v
		}
	}
	if f.file != "" {
		if flags.Changed("store") {
			return "", errors.New("--store-file cannot be given beside --store")
		}
		return config.ReadStore(f.file)
	}
	if err := server.CheckStore(f.store); err != nil {
		return "", fmt.Errorf("store %w", err)
	}
	return f.store, nil
}

// sqlitePath is the file of an embedded store that is there: these commands make none. Ok says whether it is such a store.
func sqlitePath(store string) (path string, ok bool, err error) {
	path, ok = strings.CutPrefix(store, "sqlite:")
	if !ok {
		return "", false, nil
	}
	switch _, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist) && logLeft(path): // there is one, and package sqlite says what ails it
		return path, true, nil
	case errors.Is(err, fs.ErrNotExist):
		return "", true, usageError{fmt.Errorf("there is no store at %s; name it with --store or LASTCALL_STORE", path)}
	case err != nil:
		return "", true, usageError{fmt.Errorf("store: %w", err)}
	}
	return path, true, nil
}

// logLeft reports whether a store's log is there that still has something in it.
func logLeft(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// reachWithin bounds how long a command waits for a database to let it in.
const reachWithin = 10 * time.Second

// withStore opens a store that is there and has it used. A newer command must not bring it on under older nodes, so its
// schema is left as it is.
func withStore(ctx context.Context, address string, use func(lastcall.Store) error) error {
	path, embedded, err := sqlitePath(address)
	if err != nil {
		return err
	}
	quiet := slog.New(slog.DiscardHandler)
	var store lastcall.Store
	if embedded {
		store, err = sqlite.Open(ctx, path, sqlite.Options{Logger: quiet, KeepSchema: true})
	} else {
		reach, cancel := context.WithTimeout(ctx, reachWithin)
		defer cancel()
		store, err = postgres.Open(reach, address, postgres.Options{Logger: quiet, KeepSchema: true})
	}
	if err != nil {
		return err
	}
	return errors.Join(use(store), store.Close())
}
