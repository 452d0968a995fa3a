package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// committed is how submits share commits, and commits syncs of the disk, at each width.
type committed struct {
	Each   time.Duration `json:"each"`
	Stores []*sharing    `json:"stores"`
}

// sharing is one store's.
type sharing struct {
	Store  string        `json:"store"`
	Widths []*sharedWith `json:"widths"`
}

// sharedWith is what a number of connections came to, round by round.
type sharedWith struct {
	Conns  int      `json:"conns"`
	Rounds []shared `json:"rounds"`
}

// shared is what was counted in a round: by the load, by the server, and from outside of it.
type shared struct {
	Submits   int     `json:"submits"`
	PerSecond float64 `json:"per_second"`
	Calls     int     `json:"calls"` // of the store that wrote, by the server's metrics; nearly all of them submits
	Commits   int     `json:"commits"`
	Syncs     int     `json:"syncs"` // counted from outside
}

func (s shared) perSecond() float64 { return s.PerSecond }

// commits counts what submits share, on both stores.
func (r *rig) commits(ctx context.Context) (committed, error) {
	found := committed{Each: r.seconds}
	for _, kind := range []struct {
		name string
		run  func(context.Context, int) (shared, error)
	}{{"SQLite", r.sharedSQLite}, {"PostgreSQL", r.sharedPostgres}} {
		s := &sharing{Store: kind.name}
		found.Stores = append(found.Stores, s)
		for _, conns := range r.widths {
			w := &sharedWith{Conns: conns}
			s.Widths = append(s.Widths, w)
			for round := range r.rounds {
				got, err := kind.run(ctx, conns)
				if err != nil {
					return found, fmt.Errorf("%s, %d connections: %w", kind.name, conns, err)
				}
				w.Rounds = append(w.Rounds, got)
				fmt.Printf("commits, %s, %3d connections, round %d: %6.0f/s, %d submits, %d commits, %d syncs\n",
					kind.name, conns, round+1, got.PerSecond, got.Submits, got.Commits, got.Syncs)
			}
		}
	}
	return found, nil
}

// sharedSQLite counts the calls of fsync and fdatasync that the kernel sees, all others of which pass strace by.
func (r *rig) sharedSQLite(ctx context.Context, conns int) (shared, error) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		return shared{}, fmt.Errorf("strace counts the syncs; `make setup` installs it: %w", err)
	}
	trace := filepath.Join(r.dir, "trace")
	syncs := func(context.Context) (int, error) { return countSyncs(trace) }
	tracer := []string{strace, "-f", "-qq", "--seccomp-bpf", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-e", "signal=none", "-o", trace}
	return r.share(ctx, tracer, r.newFile(), conns, syncs)
}

// countSyncs is how many calls a trace shows. One that another thread's interrupts stands in two lines.
func countSyncs(trace string) (int, error) {
	text, err := os.ReadFile(trace)
	if err != nil {
		return 0, err
	}
	count := 0
	for line := range bytes.Lines(text) {
		if bytes.Contains(line, []byte("sync")) && !bytes.Contains(line, []byte(" resumed>")) {
			count++
		}
	}
	return count, nil
}

// sharedPostgres has the server count the syncs of its log.
func (r *rig) sharedPostgres(ctx context.Context, conns int) (s shared, err error) {
	db, err := r.fresh(ctx)
	if err != nil {
		return s, err
	}
	defer func() { err = firstOf(err, db.drop(context.WithoutCancel(ctx))) }()
	return r.share(ctx, nil, db.url, conns, db.walSyncs)
}

// walSyncs is how often the server has synced its log. Its sessions report what they did within a second.
func (d database) walSyncs(ctx context.Context) (n int, err error) {
	if err := wait(ctx, 1500*time.Millisecond); err != nil {
		return 0, err
	}
	conn, err := pgx.Connect(ctx, d.url)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	err = conn.QueryRow(ctx, "SELECT wal_sync FROM pg_stat_wal").Scan(&n)
	return n, err
}

// share loads lastcall for a round, and counts before and after.
func (r *rig) share(ctx context.Context, tracer []string, store string, conns int, syncs func(context.Context) (int, error)) (s shared, err error) {
	n, err := serveUnder(ctx, tracer, r.command, store, "--concurrency", "1")
	if err != nil {
		return s, err
	}
	defer n.end()
	if _, err := n.occupy(ctx, time.Hour); err != nil {
		return s, err
	}
	syncsBefore, err := syncs(ctx)
	if err != nil {
		return s, err
	}
	before, err := n.metrics(ctx)
	if err != nil {
		return s, err
	}
	l, err := r.load(ctx, n.addr, conns)
	if err != nil {
		return s, err
	}
	after, err := n.metrics(ctx)
	if err != nil {
		return s, err
	}
	syncsAfter, err := syncs(ctx)
	if err != nil {
		return s, err
	}
	s = shared{
		Submits: l.Requests, PerSecond: l.perSecond(), Syncs: syncsAfter - syncsBefore,
		Calls:   int(after["lastcall_commit_batch_size_sum"] - before["lastcall_commit_batch_size_sum"]),
		Commits: int(after["lastcall_commit_batch_size_count"] - before["lastcall_commit_batch_size_count"]),
	}
	if s.Calls < s.Submits || s.Syncs <= 0 {
		return s, errors.New("the server counted fewer calls than were answered, or nothing was synced: the counting is wrong")
	}
	return s, nil
}

// showCommits is the section of what submits share.
func showCommits(m machine, found committed) section {
	var b strings.Builder
	fmt.Fprintf(&b, `Nothing waits for company: while one batch is on its way to the disk the next gathers, so that batches grow with the load by
themselves. The load is that of durable submits; lastcall counts its commits (%[1]s). The syncs are
counted from outside: on SQLite by strace, which sees each %[2]s and %[3]s of the process (and slows it a little),
those of checkpoints included; on PostgreSQL by the server (%[4]s).

This run: %[5]s of %[6]s.

| store | connections | submits/s | submits a commit | syncs a commit | syncs a submit | lowest to highest |
|---|---:|---:|---:|---:|---:|---|
`, "`lastcall_commit_batch_size`", "`fsync`", "`fdatasync`", "`pg_stat_wal.wal_sync`", m, found.Each)
	for _, s := range found.Stores {
		for _, w := range s.Widths {
			a := over(w.Rounds, func(s shared) float64 { return float64(s.Syncs) / float64(s.Submits) })
			fmt.Fprintf(&b, "| %s | %d | %.0f | %.1f | %.2f | **%.3f** | %s |\n", s.Store, w.Conns, over(w.Rounds, shared.perSecond).mid,
				over(w.Rounds, func(s shared) float64 { return float64(s.Calls) / float64(s.Commits) }).mid,
				over(w.Rounds, func(s shared) float64 { return float64(s.Syncs) / float64(s.Commits) }).mid,
				a.mid, a.span("%.3f"))
		}
	}
	return section{"Commits and syncs", b.String()}
}
