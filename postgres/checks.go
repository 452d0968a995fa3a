package postgres

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// checks are all of them, in the order in which they are made: what makes others impossible comes first.
var checks = []check{
	{"server version", checkVersion},
	{"encoding", checkEncoding},
	{"connection", checkTLS},
	{"pooler", checkPooler},
	{"clock", checkClock},
	{"durability", checkDurability},
	{"autovacuum", checkAutovacuum},
	{"schema", checkSchemaVersion},
	{"rights", checkRights},
	{"rights to make days", checkDaysRights},
	{"indexes", checkIndexes},
	{"connections", checkConnections},
	{"long transactions", checkTransactions},
	{"replication slots", checkSlots},
	{"prepared transactions", checkPrepared},
	{"dead rows", checkDead},
	{"days of events", checkDays},
	{"events of other days", checkOther},
	{"retention of events", checkRounds},
	{"notifications", checkNotifications},
}

func checkVersion(ctx context.Context, x *examination) (err error) {
	if x.facts, err = look(ctx, x.conn); err != nil {
		return err
	}
	const why = "lastcall is tested with PostgreSQL 14 and later"
	seen := fmt.Sprintf("PostgreSQL %d.%d", x.facts.version/10000, x.facts.version%10000)
	switch {
	case x.facts.version < minServer:
		x.stop = true
		x.bad(seen, why, "upgrade the server")
	case x.facts.standby:
		x.stop = true
		x.bad(seen+", a standby", "it takes no writes", "name the primary, or all hosts with target_session_attrs=read-write")
	default:
		x.ok(seen, why)
	}
	return nil
}

func checkEncoding(_ context.Context, x *examination) error {
	const why = "names and labels may hold any character of Unicode"
	if x.facts.encoding != "UTF8" {
		x.bad(x.facts.encoding, why, "make a database with createdb --encoding=UTF8 --template=template0")
		return nil
	}
	x.ok(x.facts.encoding, why)
	return nil
}

func checkTLS(_ context.Context, x *examination) error {
	const why = "passwords and what clients submit must not be read on the way"
	_, encrypted := x.conn.PgConn().Conn().(*tls.Conn)
	switch host := x.target.pool.ConnConfig.Host; {
	case encrypted:
		x.ok("encrypted", why)
	case isLocal(host):
		x.ok("not encrypted, within this machine", why)
	default:
		x.warn("not encrypted, to "+host, why, "set sslmode=verify-full, and sslrootcert, in the store's address")
	}
	return nil
}

// isLocal reports whether a host is this machine.
func isLocal(host string) bool {
	if strings.HasPrefix(host, "/") || host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func checkPooler(_ context.Context, x *examination) error {
	if x.facts.pooled {
		x.warn("there is one", "a pooler lends connections for a transaction, so that nodes cannot listen: events from other nodes "+
			"are found by polls, up to a second later", "let lastcall connect to the server itself; a node needs few connections")
		return nil
	}
	x.ok("none", "nodes can listen to each other")
	return nil
}

// clockSlack is by how much clocks may differ before it is said.
const clockSlack = time.Second

// checkClock compares by the middle of a round trip, which cannot be off by more than half of it.
func checkClock(ctx context.Context, x *examination) error {
	const why = "leases and times go by the database's clock, logs by the node's: they would not match"
	began := time.Now()
	var there time.Time
	if err := x.conn.QueryRow(ctx, x.sql["doctor_clock"]).Scan(&there); err != nil {
		return err
	}
	took := time.Since(began)
	off := there.Sub(began.Add(took / 2))
	seen := fmt.Sprintf("%s apart", off.Abs().Round(time.Millisecond))
	if off.Abs() > clockSlack+took/2 {
		x.warn(seen, why, "run NTP on both machines")
		return nil
	}
	x.ok(seen, why)
	return nil
}

// checkDurability looks at what G1 stands on: an answer comes after the commit is on stable storage.
func checkDurability(ctx context.Context, x *examination) error {
	var fsync, pages, commit string
	err := x.conn.QueryRow(ctx, x.sql["doctor_settings"]).Scan(&fsync, &pages, &commit, nil, nil, nil)
	if err != nil {
		return err
	}
	const why = "what was acknowledged must survive a crash of the machine (G1)"
	seen := fmt.Sprintf("fsync %s, full_page_writes %s, synchronous_commit %s", fsync, pages, commit)
	var do []string
	if fsync != "on" {
		do = append(do, "set fsync = on")
	}
	if pages != "on" {
		do = append(do, "set full_page_writes = on")
	}
	if commit == "off" {
		do = append(do, "set synchronous_commit = on for the server, the database and the role")
	}
	if len(do) > 0 {
		x.bad(seen, why, strings.Join(do, "; "))
		return nil
	}
	x.ok(seen, why)
	return nil
}

func checkSchemaVersion(ctx context.Context, x *examination) error {
	const why = "nodes need the schema that they know, or a later one that was widened for them"
	st, err := readState(ctx, x.conn, x.target.schema)
	if err != nil {
		return err
	}
	newest := len(x.steps)
	seen := fmt.Sprintf("version %d, for programs that know %d; this one knows %d", st.version, st.minimum, newest)
	switch {
	case st.version == 0:
		x.stop = true
		x.warn("there is none in schema "+x.target.schema, why, "start a node, or run lastcall migrate")
	case st.servedBy(newest) != nil:
		x.stop = true
		x.bad(seen, why, "use a newer lastcall")
	case st.version < newest:
		x.warn(seen, why, "start a node of this version, or run lastcall migrate")
	default:
		x.ok(seen, why)
	}
	return nil
}

func checkRights(ctx context.Context, x *examination) error {
	const why = "a node reads and writes all tables"
	rows, err := x.conn.Query(ctx, x.sql["doctor_rights"], pgx.Identifier{x.target.schema}.Sanitize())
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
		x.bad("missing: "+strings.Join(missing, ", "), why, fmt.Sprintf(
			"as the owner: GRANT USAGE ON SCHEMA %[1]s, GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %[1]s to the role",
			x.target.schema))
		return nil
	}
	x.ok("all there", why)
	return nil
}

func checkDaysRights(ctx context.Context, x *examination) error {
	const why = "events have a table for each day, which nodes make ahead and drop by retention"
	var create, owner bool
	if err := x.conn.QueryRow(ctx, x.sql["doctor_days_rights"], x.target.schema).Scan(&create, &owner); err != nil {
		return err
	}
	if !create || !owner {
		x.bad("the role may not", why, fmt.Sprintf("let nodes connect as the owner of the tables, or a member of it, with CREATE on schema %s",
			x.target.schema))
		return nil
	}
	x.ok("all there", why)
	return nil
}

func checkNotifications(ctx context.Context, x *examination) error {
	const why = "a session that listens and never ends its transaction keeps all notifications of the server; when the queue is full, commits fail"
	var used float64
	if err := x.conn.QueryRow(ctx, x.sql["doctor_notifications"]).Scan(&used); err != nil {
		return err
	}
	seen := fmt.Sprintf("%.1f %% of the queue used", 100*used)
	const do = "find the session in the server's log (it is named there) and end it"
	switch {
	case used > 0.5:
		x.bad(seen, why, do)
	case used > 0.05:
		x.warn(seen, why, do)
	default:
		x.ok(seen, why)
	}
	return nil
}
