package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

// Finding is what a check of the database has found.
type Finding = lastcall.Finding

// The levels of a finding.
const (
	LevelOK   = lastcall.LevelOK
	LevelWarn = lastcall.LevelWarn
	LevelBad  = lastcall.LevelBad
)

// Examine looks at the database at a URL for what would hurt, and changes nothing. Findings come in the order of the
// checks, those that are fine too. It fails only when the database cannot be reached at all; a check that cannot be made,
// for want of a right say, is a finding.
func Examine(ctx context.Context, url string, o Options) ([]Finding, error) {
	t, err := parseTarget(url)
	if err != nil {
		return nil, fmt.Errorf("examine: %w", err)
	}
	findings, err := t.examine(ctx, o.withDefaults())
	if err != nil {
		return findings, fmt.Errorf("examine %s: %w", t.where(), t.redact(err))
	}
	return findings, nil
}

func (t *target) examine(ctx context.Context, o Options) ([]Finding, error) {
	conn, err := t.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer hangUp(ctx, conn)
	x := &examination{conn: conn, target: t, steps: o.steps, sql: queries.in(t.schema)}
	for _, c := range checks {
		if x.stop {
			break
		}
		if x.bare && c.tables {
			continue
		}
		x.check = c.name
		if err := c.look(ctx, x); err != nil {
			if conn.IsClosed() || ctx.Err() != nil {
				return x.findings, errors.Join(explain(err), context.Cause(ctx))
			}
			x.warn("it could not be looked at: "+err.Error(), "what is not seen is not known to be well",
				"run it as the owner of the tables, or grant the role pg_monitor")
		}
	}
	return x.findings, nil
}

// examination is what the checks share.
type examination struct {
	conn     *pgx.Conn
	target   *target
	steps    []step
	sql      texts
	facts    facts
	who      who
	settings map[string]setting
	check    string // the one that is being made
	stop     bool   // what was found leaves nothing for further checks
	bare     bool   // there are no tables to be looked at
	findings []Finding
}

func (x *examination) ok(seen, why string) {
	x.findings = append(x.findings, Finding{Check: x.check, Level: LevelOK, Seen: seen, Why: why})
}

func (x *examination) warn(seen, why, do string) {
	x.findings = append(x.findings, Finding{Check: x.check, Level: LevelWarn, Seen: seen, Why: why, Do: do})
}

func (x *examination) bad(seen, why, do string) {
	x.findings = append(x.findings, Finding{Check: x.check, Level: LevelBad, Seen: seen, Why: why, Do: do})
}

// check is one of them.
type check struct {
	name   string
	tables bool // it looks at the tables of the store
	look   func(context.Context, *examination) error
}
