package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall/postgres"
)

// contest is lastcall against River at a number of clients, round by round.
type contest struct {
	Clients int     `json:"clients"`
	Ours    []rates `json:"ours"`
	River   []rates `json:"river"`
}

// contests are lastcall against River, and what the real command did of the same over REST.
type contests struct {
	Tasks    int           `json:"tasks"`   // inserted, then worked off
	Backlog  int           `json:"backlog"` // kept waiting while both goes on
	Counts   time.Duration `json:"counts"`  // how long that is
	Contests []*contest    `json:"contests"`
	REST     []float64     `json:"rest"` // tasks a second
}

// work measures both sides in turns, on the same server.
func (r *rig) work(ctx context.Context) (contests, error) {
	found := contests{Tasks: r.bout.tasks, Backlog: r.bout.backlog, Counts: r.bout.counts}
	for _, clients := range []int{1, 500} {
		found.Contests = append(found.Contests, &contest{Clients: clients})
	}
	for round := range r.rounds {
		for _, t := range found.Contests {
			if err := t.round(ctx, r, round); err != nil {
				return found, err
			}
		}
	}
	var err error
	if found.REST, err = r.overREST(ctx); err != nil {
		return found, fmt.Errorf("over REST: %w", err)
	}
	return found, nil
}

// round is both sides once. Who goes first changes from round to round.
func (t *contest) round(ctx context.Context, r *rig, round int) error {
	ours := func(ctx context.Context, url string) (side, error) {
		store, err := postgres.Open(ctx, url, postgres.Options{Logger: quiet()})
		if err != nil {
			return nil, err
		}
		return openOurs(t.Clients, oursWorkers, store), nil
	}
	sides := []func(context.Context, string) (side, error){openRiver, ours}
	var got [2]rates
	for i := range sides {
		n := (i + round) % 2
		var err error
		if got[n], err = r.fight(ctx, r.bout, sides[n]); err != nil {
			return fmt.Errorf("%s: %w", [...]string{"river", "lastcall"}[n], err)
		}
	}
	t.River, t.Ours = append(t.River, got[0]), append(t.Ours, got[1])
	fmt.Printf("no-op tasks, %3d clients, round %d: insert %6.0f/s, River %6.0f/s; work %6.0f/s, River %6.0f/s; both %6.0f/s, River %6.0f/s\n",
		t.Clients, round+1, got[1].Insert.PerSecond, got[0].Insert.PerSecond, got[1].Work.PerSecond, got[0].Work.PerSecond,
		got[1].Both.PerSecond, got[0].Both.PerSecond)
	return nil
}

// fight measures one side on a database of its own.
func (c *cluster) fight(ctx context.Context, b bout, open func(context.Context, string) (side, error)) (r rates, err error) {
	db, err := c.fresh(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = firstOf(err, db.drop(context.WithoutCancel(ctx))) }()
	s, err := open(ctx, db.url)
	if err != nil {
		return r, err
	}
	defer func() { err = firstOf(err, s.close()) }()
	return b.fight(ctx, s, db)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// showWork is the section of tasks that do nothing. The rows of a table cannot be broken.
//
//nolint:lll // as it says
func showWork(m machine, found contests) section {
	var s strings.Builder
	fmt.Fprintf(&s, `River's own benchmark (%[1]s), phase by phase, beside the same with lastcall, on the same server in turns, each round of
each side on a new database: %[2]d tasks that do nothing are inserted while nobody works, then worked off while nobody inserts,
then both at once for %[3]s with %[4]d kept waiting. Each side inserts and works in one process, the same for both (GOGC %[15]d), with a Go
function and %[5]d slots. Before each phase the database is analysed and the log written out, for both.

CPU is the processor time of the process and the server together, for a task. It is what bounds the rate where both share the
processors, and other programs on the machine move it less than the rate.

What is done differs, and lastcall does more:

| | lastcall | River |
|---|---|---|
| insert | %[6]d tasks a commit, %[7]d commits at a time | %[8]d jobs a commit by COPY (%[9]s) |
| a task counts when | its status, its result and an event in its client's mailbox are committed, in one transaction | its status is committed, by the batch completer; no result, nobody to tell |
| its slot is free when | its function has returned | its function has returned |
| fetched | by claims as large as the free slots | the same; cooldown %[10]s, poll %[11]s, as in its benchmark |
| durable | %[12]s: a submit when it is answered, a result with its event when it is counted, each behind an fsync that it shares | the same settings: an insert when it is answered, a completion when its batch is written; what was worked since is worked again after a crash |

This run: %[13]s; %[14]s.

| clients | phase | lastcall tasks/s | River jobs/s | ratio, median | lowest to highest | lastcall CPU/task | River CPU/job | River to lastcall |
|---:|---|---:|---:|---:|---|---:|---:|---:|
`, "`river bench`", found.Tasks, found.Counts, found.Backlog, oursWorkers, oursBatch, oursInserters, riverBatch, "`InsertManyFast`",
		riverCooldown, riverPoll, "`fsync` and `synchronous_commit` on", m, settingsText(), gcPercent)
	for _, t := range found.Contests {
		for _, p := range phases {
			q := ratios(t.Ours, t.River, p.of)
			fmt.Fprintf(&s, "| %d | %s | %.0f | %.0f | **%.2f** | %s | %s |\n", t.Clients, p.name,
				over(t.Ours, p.of).mid, over(t.River, p.of).mid, q.mid, q.span("%.2f"), costs(p.in(t.Ours), p.in(t.River)))
		}
	}
	same := func(v float64) float64 { return v }
	fmt.Fprintf(&s, "\nThe target is a ratio of 1.0, the stretch 1.5. For a picture, the same through the real command over REST, a thousand\n"+
		"tasks each `POST /v1/tasks:batch`, from the first request until none is left: %.0f tasks/s (%s).\n",
		over(found.REST, same).mid, over(found.REST, same).span("%.0f"))
	return section{"Tasks that do nothing, against River", s.String()}
}
