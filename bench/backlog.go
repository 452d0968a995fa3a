package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/postgres"
	"github.com/lastcall-dev/lastcall/sqlite"
)

// backlogWorkers is how many tasks are under way at a time where the length of the queue is what changes: fewer than the
// short queue holds.
const backlogWorkers = 200

// depths is what a store came to with a short queue and with a long one.
type depths struct {
	Store string `json:"store"`
	Short []pace `json:"short"`
	Long  []pace `json:"long"`
}

// queued is what both stores came to.
type queued struct {
	Long   int       `json:"long"` // tasks in the long queue
	Stores []*depths `json:"stores"`
}

// queue is a store with a queue whose length is held.
type queue struct {
	*ourSide

	length int
}

// backlogs holds the throughput with a long queue against that with a short one, on both stores.
func (r *rig) backlogs(ctx context.Context) (queued, error) {
	found := queued{Long: r.backlog}
	for _, kind := range []struct {
		name string
		open func(context.Context) (lastcall.Store, error)
	}{{"SQLite", r.openSQLite}, {"PostgreSQL", r.openPostgres}} {
		d := &depths{Store: kind.name}
		if err := r.depths(ctx, d, kind.open); err != nil {
			return found, fmt.Errorf("%s: %w", kind.name, err)
		}
		found.Stores = append(found.Stores, d)
	}
	return found, nil
}

// openSQLite opens a store on a new file.
func (r *rig) openSQLite(ctx context.Context) (lastcall.Store, error) {
	return openFile(ctx, r.newFile())
}

// openFile opens a store by its name, as the command takes it.
func openFile(ctx context.Context, name string) (lastcall.Store, error) {
	return sqlite.Open(ctx, strings.TrimPrefix(name, "sqlite:"), sqlite.Options{Logger: quiet()})
}

// openPostgres opens a store on a new database, which goes with the server.
func (r *rig) openPostgres(ctx context.Context) (lastcall.Store, error) {
	db, err := r.fresh(ctx)
	if err != nil {
		return nil, err
	}
	return postgres.Open(ctx, db.url, postgres.Options{Logger: quiet()})
}

// depths measures one kind of store in turns: both queues are there all the time, and only one of them is worked.
func (r *rig) depths(ctx context.Context, d *depths, open func(context.Context) (lastcall.Store, error)) (err error) {
	var queues [2]queue
	for i, length := range []int{1000, r.backlog} {
		store, err := open(ctx)
		if err != nil {
			return err
		}
		q := queue{openOurs(500, backlogWorkers, store), length}
		defer func() { err = errors.Join(err, q.close()) }() //nolint:revive,gocritic // two of them, to the end
		began := time.Now()
		if err := q.insert(ctx, length); err != nil {
			return err
		}
		fmt.Printf("backlog, %s: %d tasks queued in %.1f s\n", d.Store, length, time.Since(began).Seconds())
		queues[i] = q
	}
	for round := range r.rounds {
		var paces [2]pace
		for i := range queues {
			n := (i + round) % 2
			if paces[n], err = queues[n].hold(ctx, r.bout, r.spent); err != nil {
				return err
			}
		}
		d.Short, d.Long = append(d.Short, paces[0]), append(d.Long, paces[1])
		fmt.Printf("backlog, %s, round %d: %6.0f/s with %d queued, %6.0f/s with %d, ratio %.2f\n", d.Store, round+1,
			paces[0].PerSecond, queues[0].length, paces[1].PerSecond, queues[1].length, paces[1].PerSecond/paces[0].PerSecond)
	}
	return nil
}

// hold works the queue for a while and fills it up at the pace at which it is worked.
func (q *queue) hold(ctx context.Context, b bout, spent func() (time.Duration, bool)) (p pace, err error) {
	b.backlog, b.portion = q.length, 500
	if err := q.start(ctx); err != nil {
		return p, err
	}
	defer func() { err = firstOf(err, q.rest()) }()
	return b.continuous(ctx, q, spent)
}

// showBacklog is the section of long queues.
func showBacklog(m machine, found queued) section {
	var b strings.Builder
	fmt.Fprintf(&b, `Tasks that do nothing are worked off by %[1]d slots while an inserter keeps the queue as long as it is, in portions of 500. The
work is the same with both queues; only what lies behind it differs. Both queues stand in the same server (or on the same disk)
all the time and are worked in turns. What counts is from submit to settled, event included. CPU is as above.

This run: %[2]s.

| store | tasks/s, 1000 queued | tasks/s, %[3]d queued | ratio, median | lowest to highest | CPU/task, 1000 | CPU/task, %[3]d | long to short |
|---|---:|---:|---:|---|---:|---:|---:|
`, backlogWorkers, m, found.Long)
	for _, d := range found.Stores {
		q := ratios(d.Long, d.Short, perSecond)
		fmt.Fprintf(&b, "| %s | %.0f | %.0f | **%.2f** | %s | %s |\n", d.Store, over(d.Short, perSecond).mid, over(d.Long, perSecond).mid,
			q.mid, q.span("%.2f"), costs(d.Short, d.Long))
	}
	b.WriteString("\nThe target is a ratio of 0.9, the stretch 0.97.\n")
	return section{"A long queue against a short one", b.String()}
}
