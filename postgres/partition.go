package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// partitionsAhead is for how many days after today there are tables for events.
	partitionsAhead = 3
	// tendEvery is how often a node looks after the days. What it needs for a moment is a lock that everybody who reads
	// or writes events waits behind.
	tendEvery = time.Minute
	// dropAfter is for how long after its retention a day is kept: what is under way then may still be written to it.
	dropAfter = time.Minute
)

// dayName is the name of a day's table. Tables of other names are somebody else's.
var dayName = regexp.MustCompile(`^events_(\d{8})$`)

func nameOfDay(day time.Time) string { return "events_" + day.Format("20060102") }

// dayOf is the day of a table, in UTC.
func dayOf(table string) (day time.Time, ok bool) {
	m := dayName.FindStringSubmatch(table)
	if m == nil {
		return day, false
	}
	day, err := time.Parse("20060102", m[1])
	return day, err == nil
}

// tendPartitions makes tables for the days that come and drops those of the days that no mailbox reaches back to. What it
// cannot do now, because somebody holds a table or for want of a right, is tried again later: events go into the table
// of other days meanwhile, and old days cost room and nothing else.
func (s *Store) tendPartitions(ctx context.Context) {
	if !s.tending(time.Now()) {
		return
	}
	err := s.write(ctx, "make days", func(ctx context.Context, c *pgx.Conn, now time.Time) error {
		return makeDays(ctx, c, s.sql, s.schema, now)
	})
	// A role that may not make days, or somebody who holds the table, must not keep what has expired.
	if !s.clock.Doubtful(time.Now()) {
		err = errors.Join(err, s.dropDays(ctx))
	}
	switch {
	case err == nil:
	case sqlState(err) == "42501":
		s.log.Warn("the role may not make or drop the tables of days; lastcall doctor says what to grant", slog.Any("error", err))
	default:
		s.log.Info("the tables of days could not be looked after now; it is tried again", slog.Any("error", err))
	}
}

// firstDays makes the tables of today and the days after it before the first event is written. A role that may not is
// served all the same.
func firstDays(ctx context.Context, c *pgx.Conn, schema string, now time.Time, log *slog.Logger) error {
	err := pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
		return makeDays(ctx, tx.Conn(), queries.in(schema), schema, now)
	})
	if err == nil || errors.Is(err, errNothing) || c.IsClosed() {
		return explainNothing(err)
	}
	log.Warn("tables for the days of events could not be made; sweeps try it again, and lastcall doctor says what is missing",
		slog.Any("error", err))
	return nil
}

// explainNothing is explain, for which there being nothing to do is no error.
func explainNothing(err error) error {
	if errors.Is(err, errNothing) {
		return nil
	}
	return explain(err)
}

// tending reports whether it is time to look after the days.
func (s *Store) tending(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.tended) < tendEvery {
		return false
	}
	s.tended = now
	return true
}

// days lists the tables of days, oldest first.
func days(ctx context.Context, c *pgx.Conn, sql texts) ([]string, error) {
	rows, err := c.Query(ctx, sql["partitions"])
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return slices.DeleteFunc(all, func(name string) bool { return !dayName.MatchString(name) }), err
}

// makeDays makes the tables that are missing for today and the days after it, in a transaction. One node does, and none
// waits for it. A table is made by itself and then attached, which takes a lighter lock than making it as a partition.
// For a day of which there are events in the table of other days it is too late.
func makeDays(ctx context.Context, c *pgx.Conn, sql texts, schema string, now time.Time) error {
	have, err := days(ctx, c, sql)
	if err != nil {
		return err
	}
	var missing []time.Time
	today := now.UTC().Truncate(24 * time.Hour)
	for i := range partitionsAhead + 1 {
		if day := today.AddDate(0, 0, i); !slices.Contains(have, nameOfDay(day)) {
			missing = append(missing, day)
		}
	}
	if len(missing) == 0 {
		return errNothing
	}
	if mine, err := lockDays(ctx, c, sql, schema); err != nil || !mine {
		return errors.Join(err, errNothing)
	}
	for _, day := range missing {
		if err := makeDay(ctx, c, sql, schema, day); err != nil {
			return err
		}
	}
	return nil
}

// lockDays reports whether no other node looks after the days now, for the rest of the transaction, and has it wait for
// tables for a moment only.
func lockDays(ctx context.Context, c *pgx.Conn, sql texts, schema string) (mine bool, err error) {
	err = c.QueryRow(ctx, sql["partitions_lock"], lockNumber("days", schema)).Scan(&mine, nil)
	return mine, err
}

func makeDay(ctx context.Context, c *pgx.Conn, sql texts, schema string, day time.Time) error {
	next := day.AddDate(0, 0, 1)
	late := false
	if err := c.QueryRow(ctx, sql["other_holds"], day, next).Scan(&late); err != nil || late {
		return err
	}
	const zone = "2006-01-02 00:00:00+00"
	table, all := pgx.Identifier{schema, nameOfDay(day)}.Sanitize(), pgx.Identifier{schema, "events"}.Sanitize()
	_, err := c.Exec(ctx, fmt.Sprintf(
		"CREATE TABLE IF NOT EXISTS %[1]s (LIKE %[2]s INCLUDING ALL);"+
			"ALTER TABLE %[2]s ATTACH PARTITION %[1]s FOR VALUES FROM ('%[3]s') TO ('%[4]s')",
		table, all, day.Format(zone), next.Format(zone)), pgx.QueryExecModeSimpleProtocol)
	return err
}

// dropDays drops the tables of days that the last complete round over the mailboxes has left behind, each in a
// transaction of its own: one that somebody reads keeps no other.
func (s *Store) dropDays(ctx context.Context) error {
	var old []string
	err := s.write(ctx, "old days", func(ctx context.Context, c *pgx.Conn, _ time.Time) (err error) {
		if old, err = s.oldDays(ctx, c); err == nil {
			err = errNothing // it has only looked
		}
		return err
	})
	for _, table := range old {
		if isAway(err) {
			return err
		}
		err = errors.Join(err, s.write(ctx, "drop a day", func(ctx context.Context, c *pgx.Conn, _ time.Time) error {
			if mine, err := lockDays(ctx, c, s.sql, s.schema); err != nil || !mine {
				return errors.Join(err, errNothing)
			}
			_, err := c.Exec(ctx, "DROP TABLE IF EXISTS "+pgx.Identifier{s.schema, table}.Sanitize())
			return err
		}))
	}
	return err
}

// oldDays finds the tables that can go. What is as old in the table of other days goes by portions (tidy.go).
func (s *Store) oldDays(ctx context.Context, c *pgx.Conn) (old []string, err error) {
	var done *time.Time
	if err := c.QueryRow(ctx, s.sql["round_done"], jobEvents).Scan(&done); err != nil {
		return nil, err
	}
	if done == nil {
		return nil, errNothing
	}
	before := done.Add(-dropAfter)
	all, err := days(ctx, c, s.sql)
	if err != nil {
		return nil, err
	}
	for _, table := range all {
		if day, ok := dayOf(table); ok && !day.AddDate(0, 0, 1).After(before) {
			old = append(old, table)
		}
	}
	return old, nil
}
