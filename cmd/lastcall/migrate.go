package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall/postgres"
	"github.com/lastcall-dev/lastcall/server"
	"github.com/lastcall-dev/lastcall/sqlite"
)

func migrateCommand() *cobra.Command {
	return storeCommand(&cobra.Command{
		Use:   "migrate",
		Short: "Bring a store to the newest schema that this lastcall knows",
		Long: `migrate brings the schema of a store to the newest version that this lastcall knows, and makes it in a database that has
none. Nodes do so themselves when they start; migrate is for those who want it done before, by another user than that of
the nodes, or at a time of their own.

A PostgreSQL database may be in use meanwhile: its versions only widen, so that nodes of the version before go on. The
file of an embedded store is brought on by the next node that starts on it, or by migrate once none is running.`,
		Example: `  lastcall migrate --store-file /run/secrets/lastcall-store`,
		Args:    noArguments,
	}, migrate)
}

// migrateDocument says what has been done. A store that there was none of is of version 0.
type migrateDocument struct {
	Store string `json:"store"`
	From  int    `json:"from"`
	To    int    `json:"to"`
}

func migrate(ctx context.Context, address string, _ []string, out output) error {
	d := migrateDocument{Store: server.StoreName(address)}
	path, embedded, err := sqlitePath(address)
	switch {
	case err != nil:
	case embedded:
		d.From, d.To, err = sqlite.Migrate(ctx, path)
	default:
		d.From, d.To, err = postgres.Migrate(ctx, address, postgres.Options{})
	}
	if err != nil {
		return err
	}
	switch {
	case out.json:
		return out.line(d)
	case d.From == d.To:
		fmt.Fprintf(out, "%s is at version %d of the schema, and stays there\n", d.Store, d.To)
	default:
		fmt.Fprintf(out, "%s was at version %d of the schema, and is at version %d\n", d.Store, d.From, d.To)
	}
	return nil
}
