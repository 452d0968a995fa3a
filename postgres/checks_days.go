package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// checkDays looks whether the tables for the days to come are there.
func checkDays(ctx context.Context, x *examination) error {
	const why = "events of a day without a table of its own cannot be dropped with it, and have to be deleted one by one"
	have, err := days(ctx, x.conn, x.sql)
	if err != nil {
		return err
	}
	today := x.facts.now.UTC().Truncate(24 * time.Hour)
	for _, day := range []time.Time{today, today.AddDate(0, 0, 1)} {
		if name := nameOfDay(day); !slices.Contains(have, name) {
			x.warn("there is no table "+name, why, "see the rights above; a node that sweeps makes it within a minute")
			return nil
		}
	}
	x.ok(fmt.Sprintf("%d tables, the last is %s", len(have), have[len(have)-1]), why)
	return nil
}

func checkOther(ctx context.Context, x *examination) error {
	const why = "they are of days for which no table was there; they are served, and forgotten by slower deletes"
	var n int64
	if err := x.conn.QueryRow(ctx, x.sql["doctor_other"]).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		x.warn(fmt.Sprintf("%d or more", n), why,
			"see that nodes run and may make tables, and that the database's clock is right; they go by retention")
		return nil
	}
	x.ok("none", why)
	return nil
}

// roundLong is how long a round over all mailboxes may take.
const roundLong = 24 * time.Hour

// checkRounds looks whether what is past its retention goes.
func checkRounds(ctx context.Context, x *examination) error {
	const why = "what has expired is dropped with its day, once all mailboxes have been walked past it"
	var began, done *time.Time
	var now time.Time
	if err := x.conn.QueryRow(ctx, x.sql["doctor_round"]).Scan(&began, &done, &now); err != nil {
		return err
	}
	have, err := days(ctx, x.conn, x.sql)
	if err != nil {
		return err
	}
	var oldest time.Time
	if len(have) > 0 {
		oldest, _ = dayOf(have[0])
	}
	seen := "the oldest day is " + oldest.Format(time.DateOnly)
	switch {
	case began != nil && now.Sub(*began) > roundLong:
		x.warn(fmt.Sprintf("%s, and the last walk began %s ago", seen, now.Sub(*began).Round(time.Minute)), why,
			"see that nodes run: every node sweeps")
	case done != nil && !oldest.IsZero() && !oldest.AddDate(0, 0, 2).After(*done):
		x.warn(fmt.Sprintf("%s, and could go since %s", seen, done.Format(time.DateOnly)), why,
			"see the rights above, and end the transaction that holds the table")
	default:
		x.ok(seen, why)
	}
	return nil
}
