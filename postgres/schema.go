package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
)

//go:embed schema/*.sql
var schemaFiles embed.FS

// step brings a schema from the version before to its own.
type step struct {
	version int
	// minimum is the lowest version that a program must know to run on the schema after this step. Migrations only
	// widen, so that it stays behind: in a roll-out the programs of before run on the schema of after.
	minimum int
	script  string
}

// minimums are the steps, in order, by the lowest version that must be known after each.
var minimums = []int{1}

// knownSteps are the migrations of this program.
var knownSteps = readSteps(schemaFiles)

// readSteps reads the numbered files of schema/. They are part of the program, so that a mistake in them ends it where it
// starts.
func readSteps(files fs.ReadDirFS) []step {
	entries, err := files.ReadDir("schema")
	if err != nil || len(entries) != len(minimums) {
		panic(fmt.Sprintf("%d migrations with %d minimums: %v", len(entries), len(minimums), err))
	}
	steps := make([]step, len(entries))
	for i, e := range entries {
		text, err := fs.ReadFile(files, "schema/"+e.Name())
		if err != nil {
			panic(err)
		}
		steps[i] = step{version: i + 1, minimum: minimums[i], script: string(text)}
	}
	return steps
}

// schemaState is what a database says of its schema; all zero where there is none.
type schemaState struct{ version, minimum int }

// readState looks which version the schema is in.
func readState(ctx context.Context, c pgxQuerier, schema string) (st schemaState, err error) {
	there := false
	if err := c.QueryRow(ctx, queries["schema_there"], schema).Scan(&there); err != nil || !there {
		return st, err
	}
	var version, minimum *int
	err = c.QueryRow(ctx, forSchema(queries["schema_version"], schema)).Scan(&version, &minimum)
	if err == nil && version != nil {
		st = schemaState{*version, *minimum}
	}
	return st, err
}

// pgxQuerier is a connection or a transaction.
type pgxQuerier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// servedBy says what is wrong when a program that knows versions up to newest runs on the schema; a schema that is newer
// is none, as long as its minimum is not.
func (st schemaState) servedBy(newest int) error {
	if st.minimum > newest {
		return fmt.Errorf("the schema is version %d and needs a lastcall that knows version %d; this one knows versions up to %d: "+
			"start a newer lastcall", st.version, st.minimum, newest)
	}
	return nil
}

// checkSchema takes the schema as it is.
func checkSchema(ctx context.Context, c *pgx.Conn, schema string, steps []step) error {
	st, err := readState(ctx, c, schema)
	switch {
	case err != nil:
		return explainRights(err, schema)
	case st.version == 0:
		return errors.New("there is no store in the database; start a node, or lastcall migrate")
	case st.version < len(steps):
		return fmt.Errorf("the schema is version %d and this lastcall needs version %d; start a node, or lastcall migrate",
			st.version, len(steps))
	}
	return st.servedBy(len(steps))
}
