package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// checkSchemaVersion looks which schema is there, and whether a node that starts could do with it.
func checkSchemaVersion(ctx context.Context, x *examination) error {
	const why = "nodes need the schema that they know, or a later one that was widened for them"
	st, err := readState(ctx, x.conn, x.target.schema)
	if sqlState(err) == "42501" {
		x.bare = true
		x.bad("the role "+x.who.role+" may not look into schema "+x.target.schema, "a node with this role does not start", x.grant())
		return nil
	}
	if err != nil {
		return err
	}
	newest := len(x.steps)
	seen := fmt.Sprintf("version %d, for programs that know %d; this one knows %d", st.version, st.minimum, newest)
	switch {
	case st.version == 0:
		x.bare = true
		return x.noSchema(ctx)
	case st.servedBy(newest) != nil:
		x.stop = true
		x.bad(seen, why, "use a newer lastcall")
	case st.version < newest:
		return x.olderSchema(ctx, seen, why)
	default:
		x.ok(seen, why)
	}
	return nil
}

// noSchema is a warning only if somebody who starts a node, or migrates, as this role can make one.
func (x *examination) noSchema(ctx context.Context) error {
	var there, taken, may bool
	if err := x.conn.QueryRow(ctx, x.sql["doctor_make"], x.target.schema).Scan(&there, &taken, &may); err != nil {
		return err
	}
	seen := "there is none in schema " + x.target.schema
	switch {
	case taken:
		x.bad(seen+", and tables of somebody else's have the names of ours", "neither a node nor lastcall migrate can begin there",
			"name another schema in the store's address: schema=NAME")
	case may:
		x.warn(seen, "the first node makes it", "start a node, or run lastcall migrate")
	case there:
		x.bad(seen+", and the role may not make one", "neither a node nor lastcall migrate can begin as this role",
			fmt.Sprintf("GRANT USAGE, CREATE ON SCHEMA %s TO %s;", quoted(x.target.schema), quoted(x.who.role)))
	default:
		x.bad(seen+", and the role may not make one", "neither a node nor lastcall migrate can begin as this role",
			fmt.Sprintf("GRANT CREATE ON DATABASE %s TO %s;", quoted(x.who.database), quoted(x.who.role)))
	}
	return nil
}

// olderSchema is a warning only if this role may bring it on.
func (x *examination) olderSchema(ctx context.Context, seen, why string) error {
	create, owns, owner, err := x.daysRights(ctx)
	switch {
	case err != nil:
		return err
	case create && owns:
		x.warn(seen, why, "start a node of this version, or run lastcall migrate")
	default:
		x.bad(seen+", and the role may not bring it on", why, "run lastcall migrate as "+owner)
	}
	return nil
}

// grant are the rights of a role that does not own the tables, to be pasted into psql by who does.
func (x *examination) grant() string {
	return fmt.Sprintf("GRANT USAGE ON SCHEMA %[1]s TO %[2]s; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %[1]s TO %[2]s;",
		quoted(x.target.schema), quoted(x.who.role))
}

func checkRights(ctx context.Context, x *examination) error {
	const why = "a node reads and writes all tables"
	rows, err := x.conn.Query(ctx, x.sql["doctor_rights"], x.target.schema)
	if err != nil {
		return err
	}
	var right string
	var has bool
	var missing []string
	_, err = pgx.ForEachRow(rows, []any{&right, &has}, func() error {
		if !has {
			missing = append(missing, right)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		x.bad("missing: "+strings.Join(missing, ", "), why, x.grant())
		return nil
	}
	x.ok("all there", why)
	return nil
}

func checkDaysRights(ctx context.Context, x *examination) error {
	const why = "events have a table for each day, which nodes make ahead and drop by retention"
	create, owns, owner, err := x.daysRights(ctx)
	if err != nil {
		return err
	}
	var seen, do []string
	if !create {
		seen = append(seen, "it may make nothing in schema "+x.target.schema)
		do = append(do, fmt.Sprintf("GRANT CREATE ON SCHEMA %s TO %s;", quoted(x.target.schema), quoted(x.who.role)))
	}
	if !owns {
		seen = append(seen, "it is no member of "+owner+", which owns the tables")
		do = append(do, fmt.Sprintf("GRANT %s TO %s;", quoted(owner), quoted(x.who.role)))
	}
	if len(do) > 0 {
		x.bad("the role may not: "+strings.Join(seen, ", and "), why, strings.Join(do, " "))
		return nil
	}
	x.ok("all there", why)
	return nil
}

// daysRights is whether the role may make tables, and drop those that are there, and whose these are.
func (x *examination) daysRights(ctx context.Context) (create, owns bool, owner string, err error) {
	err = x.conn.QueryRow(ctx, x.sql["doctor_days_rights"], x.target.schema).Scan(&create, &owns, &owner)
	return create, owns, owner, err
}
