package postgres

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// checks are all of them, in the order in which they are made: what makes others impossible comes first.
var checks = []check{
	{"server version", false, checkVersion},
	{"encoding", false, checkEncoding},
	{"connection", false, checkTLS},
	{"pooler", false, checkPooler},
	{"clock", false, checkClock},
	{"durability", false, checkDurability},
	{"autovacuum", false, checkAutovacuum},
	{"schema", false, checkSchemaVersion},
	{"rights", true, checkRights},
	{"rights to make days", true, checkDaysRights},
	{"indexes", true, checkIndexes},
	{"connections", false, checkConnections},
	{"long transactions", false, checkTransactions},
	{"replication slots", false, checkSlots},
	{"prepared transactions", false, checkPrepared},
	{"dead rows", true, checkDead},
	{"days of events", true, checkDays},
	{"events of other days", true, checkOther},
	{"retention of events", true, checkRounds},
	{"notifications", false, checkNotifications},
}

func checkVersion(ctx context.Context, x *examination) (err error) {
	if x.facts, err = look(ctx, x.conn); err != nil {
		return err
	}
	if err := x.lookAround(ctx); err != nil {
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
