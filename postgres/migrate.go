package postgres

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"

	"github.com/jackc/pgx/v5"
)

// Migrate brings the schema of the database at a URL to the newest version that this program knows, and returns the
// versions before and after; 0 is none. Nodes may serve meanwhile, and others may migrate at the same time.
func Migrate(ctx context.Context, url string, o Options) (from, to int, err error) {
	t, err := parseTarget(url)
	if err != nil {
		return 0, 0, fmt.Errorf("migrate: %w", err)
	}
	from, to, err = t.migrate(ctx, o.withDefaults())
	if err != nil {
		return from, to, fmt.Errorf("migrate %s: %w", t.where(), t.redact(err))
	}
	return from, to, nil
}

func (t *target) migrate(ctx context.Context, o Options) (from, to int, err error) {
	conn, err := t.connect(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer hangUp(ctx, conn)
	f, err := look(ctx, conn)
	if err != nil {
		return 0, 0, err
	}
	if err := f.check(); err != nil {
		return 0, 0, err
	}
	if from, to, err = migrate(ctx, conn, t.schema, o.steps); err != nil {
		return from, to, err
	}
	return from, to, firstDays(ctx, conn, t.schema, f.now, o.Logger)
}

// migrate runs the steps that are missing, and returns the versions before and after its own: the same if another one
// did it. Where none is, nothing is locked and no right is needed: a role that may not
// change the schema serves one that is up to date.
func migrate(ctx context.Context, c *pgx.Conn, schema string, steps []step) (from, to int, err error) {
	st, err := readState(ctx, c, schema)
	if err != nil {
		return 0, 0, explainRights(err, schema)
	}
	from = st.version
	for ran := false; st.version < len(steps); {
		before, after, err := migrateStep(ctx, c, schema, steps)
		if err != nil {
			return from, st.version, explainRights(err, schema)
		}
		if !ran { // until it was we who did something
			from = before.version
		}
		ran, st = ran || after != before, after
	}
	return from, st.version, st.servedBy(len(steps))
}

// migrateStep runs the next step in a transaction that also writes its version, under a lock that lets one do it at a
// time: those who waited find it done, and before is what there was when they had it. What dies in between leaves the
// version before.
func migrateStep(ctx context.Context, c *pgx.Conn, schema string, steps []step) (before, after schemaState, err error) {
	err = pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, queries["schema_lock"], lockNumber("migrate", schema)); err != nil {
			return err
		}
		if before, err = readState(ctx, tx, schema); err != nil || before.version >= len(steps) {
			after = before
			return err
		}
		next := steps[before.version]
		if err := runStep(ctx, tx, schema, next); err != nil {
			return fmt.Errorf("migrate to version %d: %w", next.version, err)
		}
		after = schemaState{next.version, max(before.minimum, next.minimum)}
		return nil
	})
	return before, after, err
}

func runStep(ctx context.Context, tx pgx.Tx, schema string, next step) error {
	if next.version == 1 {
		if err := makeSchema(ctx, tx, schema); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, forSchema(next.script, schema), pgx.QueryExecModeSimpleProtocol); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, forSchema(queries["schema_note"], schema), next.version, next.minimum)
	return err
}

// makeSchema makes what every step stands on. A schema that was made beforehand is taken, so that the role needs no
// right to make one.
func makeSchema(ctx context.Context, tx pgx.Tx, schema string) error {
	there := false
	if err := tx.QueryRow(ctx, queries["namespace_there"], schema).Scan(&there); err != nil {
		return err
	}
	if !there {
		if _, err := tx.Exec(ctx, "CREATE SCHEMA "+pgx.Identifier{schema}.Sanitize()); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, forSchema(queries["schema_versions"], schema))
	return err
}

// lockNumber is the advisory lock for a purpose on a schema. Other programs in the database have theirs by the same 64
// bits, so that it is one that nobody thinks of.
func lockNumber(purpose, schema string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("lastcall " + purpose + " " + schema)) // never fails
	return int64(h.Sum64())
}

// explainRights says which rights are missing, or who is in the way.
func explainRights(err error, schema string) error {
	switch sqlState(err) {
	case "42501":
	case "42P07":
		return fmt.Errorf("schema %s has tables of somebody else's; name another one in the address, schema=NAME: %w", schema, err)
	default:
		return explain(err)
	}
	return errors.Join(fmt.Errorf("the role may not do what is needed in schema %s; as its owner run lastcall migrate, "+
		"or GRANT what docs/postgres.md lists", schema), err)
}
