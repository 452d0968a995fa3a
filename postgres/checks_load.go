package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// The ages at which a transaction is long.
const (
	transactionLong = 5 * time.Minute
	transactionBad  = time.Hour
	idleLong        = time.Minute
)

func checkTransactions(ctx context.Context, x *examination) error {
	const why = "as long as it lasts no dead row can be removed: the line of tasks becomes slower and slower"
	var all bool
	var busy, idle int64
	if err := x.conn.QueryRow(ctx, x.sql["doctor_sees_all"]).Scan(&all); err != nil {
		return err
	}
	if err := x.conn.QueryRow(ctx, x.sql["doctor_transactions"]).Scan(&busy, &idle); err != nil {
		return err
	}
	working, waiting := time.Duration(busy)*time.Second, time.Duration(idle)*time.Second
	seen := fmt.Sprintf("the longest that works %s, the longest that is idle %s", working, waiting)
	const do = "find it in pg_stat_activity by xact_start, and end it; set idle_in_transaction_session_timeout"
	switch {
	case max(working, waiting) >= transactionBad:
		x.bad(seen, why, do)
	case working >= transactionLong || waiting >= idleLong:
		x.warn(seen, why, do)
	case !all:
		x.warn("the role sees its own only", why, "GRANT pg_read_all_stats TO "+quoted(x.who.role)+";")
	default:
		x.ok(seen, why)
	}
	return nil
}

// slotBehind is how many transactions a slot may be behind.
const slotBehind = 1_000_000

func checkSlots(ctx context.Context, x *examination) error {
	const why = "a slot that nobody reads holds back vacuum for the whole server"
	rows, err := x.conn.Query(ctx, x.sql["doctor_slots"])
	if err != nil {
		return err
	}
	var name string
	var behind int64
	var late []string
	_, err = pgx.ForEachRow(rows, []any{&name, &behind}, func() error {
		if behind > slotBehind {
			late = append(late, fmt.Sprintf("%s is %d transactions behind", name, behind))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(late) > 0 {
		x.warn(strings.Join(late, ", "), why, "have its subscriber catch up, or pg_drop_replication_slot")
		return nil
	}
	x.ok("none that is behind", why)
	return nil
}

func checkPrepared(ctx context.Context, x *examination) error {
	const why = "a transaction that is prepared and forgotten holds its locks and holds back vacuum, over restarts too"
	var n, oldest int64
	if err := x.conn.QueryRow(ctx, x.sql["doctor_prepared"]).Scan(&n, &oldest); err != nil {
		return err
	}
	if age := time.Duration(oldest) * time.Second; age >= idleLong {
		x.warn(fmt.Sprintf("%d, the oldest since %s", n, age), why, "COMMIT PREPARED or ROLLBACK PREPARED what pg_prepared_xacts shows")
		return nil
	}
	x.ok(strconv.FormatInt(n, 10), why)
	return nil
}

// The numbers of dead rows of a table that are too many, beside those that live.
const (
	deadMany = 100_000
	deadBad  = 1_000_000
)

func checkDead(ctx context.Context, x *examination) error {
	const why = "claims and sweeps step over dead rows"
	rows, err := x.conn.Query(ctx, x.sql["doctor_dead"], x.target.schema)
	if err != nil {
		return err
	}
	var table, vacuumed string
	var live, dead, worst int64
	var many []string
	_, err = pgx.ForEachRow(rows, []any{&table, &live, &dead, &vacuumed}, func() error {
		if dead > deadMany && dead > live/2 {
			many, worst = append(many, fmt.Sprintf("%s has %d beside %d, vacuumed %s", table, dead, live, vacuumed)), max(worst, dead)
		}
		return nil
	})
	if err != nil {
		return err
	}
	const do = "see the checks above for what holds vacuum back; then VACUUM the table, and give autovacuum more workers or less delay"
	switch {
	case worst > deadBad:
		x.bad(strings.Join(many, "; "), why, do)
	case len(many) > 0:
		x.warn(strings.Join(many, "; "), why, do)
	default:
		x.ok("few", why)
	}
	return nil
}
