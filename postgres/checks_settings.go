package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// who is as whom and where an examination looks.
type who struct{ database, session, role string }

// setting is one of the server's, as it holds for this session.
type setting struct{ value, source string }

// lookAround asks what several checks need.
func (x *examination) lookAround(ctx context.Context) error {
	if err := x.conn.QueryRow(ctx, x.sql["doctor_who"]).Scan(&x.who.database, &x.who.session, &x.who.role); err != nil {
		return err
	}
	rows, err := x.conn.Query(ctx, x.sql["doctor_settings"])
	if err != nil {
		return err
	}
	x.settings = map[string]setting{}
	var name string
	var s setting
	_, err = pgx.ForEachRow(rows, []any{&name, &s.value, &s.source}, func() error { x.settings[name] = s; return nil })
	return err
}

// shown are settings as they are, with where it was said of those that are off.
func (x *examination) shown(names ...string) string {
	var all []string
	for _, name := range names {
		text := name + " " + x.settings[name].value
		if x.isOff(name) {
			text += " (" + where(x.settings[name].source) + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func (x *examination) isOff(name string) bool { return x.settings[name].value == "off" }

// where is a source of pg_settings in words that say where to look.
func where(source string) string {
	switch source {
	case "client":
		return "set by the store's address, or PGOPTIONS"
	case "database", "command line", "configuration file":
		return "set by the " + source
	case "user":
		return "set by the role"
	case "database user":
		return "set by the role in this database"
	}
	return source
}

// turnOn is how to turn settings on where they are off, to be pasted into psql as it stands.
func (x *examination) turnOn(names ...string) string {
	var do []string
	reload := false
	for _, name := range names {
		if !x.isOff(name) {
			continue
		}
		switch source := x.settings[name].source; source {
		case "client":
			do = append(do, "take "+name+" out of the store's address, and out of PGOPTIONS;")
		case "command line":
			do = append(do, "start the server without "+name+" on its command line;")
		case "database":
			do = append(do, fmt.Sprintf("ALTER DATABASE %s SET %s = on;", quoted(x.who.database), name))
		case "user":
			do = append(do, fmt.Sprintf("ALTER ROLE %s SET %s = on;", quoted(x.who.session), name))
		case "database user":
			do = append(do, fmt.Sprintf("ALTER ROLE %s IN DATABASE %s SET %s = on;", quoted(x.who.session), quoted(x.who.database), name))
		default:
			do, reload = append(do, fmt.Sprintf("ALTER SYSTEM SET %s = on;", name)), true
		}
	}
	if reload {
		do = append(do, "SELECT pg_reload_conf();")
	}
	return strings.Join(do, " ")
}

// quoted is a name as SQL has it.
func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// checkDurability looks at what G1 stands on: an answer comes after the commit is on stable storage. Nodes turn
// synchronous_commit on for themselves where they can (target.go).
func checkDurability(_ context.Context, x *examination) error {
	const why = "what was acknowledged must survive a crash of the machine (G1)"
	names := []string{"fsync", "full_page_writes", "synchronous_commit"}
	seen, do := x.shown(names...), x.turnOn(names...)
	weak := x.facts.weak()
	if x.target.raises(x.facts) {
		weak = x.facts.weakDisk()
		seen += "; nodes turn synchronous_commit on for themselves"
	}
	switch {
	case len(weak) > 0:
		x.bad(seen, why, do)
	case do != "":
		x.warn(seen, why, do)
	default:
		x.ok(seen, why)
	}
	return nil
}

func checkAutovacuum(ctx context.Context, x *examination) error {
	const why = "every task leaves dead rows behind, which only vacuum removes"
	if x.isOff("autovacuum") {
		x.bad(x.shown("autovacuum"), why, x.turnOn("autovacuum"))
		return nil
	}
	rows, err := x.conn.Query(ctx, x.sql["doctor_unvacuumed"], x.target.schema)
	if err != nil {
		return err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	if len(tables) > 0 {
		var do []string
		for _, table := range tables {
			do = append(do, fmt.Sprintf("ALTER TABLE %s.%s RESET (autovacuum_enabled);", quoted(x.target.schema), quoted(table)))
		}
		x.bad("off for "+strings.Join(tables, ", "), why, strings.Join(do, " "))
		return nil
	}
	x.ok("on", why)
	return nil
}
