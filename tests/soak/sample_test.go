package soak_test

import (
	"context"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

// What is measured, in the order of the columns.
const (
	memory      = iota // resident, bytes
	heap               // of Go, in use, bytes
	goroutines         // number
	descriptors        // number
	connections        // of clients on streams, number
	processor          // seconds, since the process began
	stored             // what the store holds, as far as retention bounds it, bytes
	logged             // the log that is written before the store, bytes
	columns
)

var titles = [columns]string{
	"rss", "heap_inuse", "goroutines", "descriptors", "connections", "cpu_seconds", "store", "wal",
}

// sample is a process as it was at a moment.
type sample struct {
	at    time.Duration // since the rig began
	node  string
	quiet bool // after a window, with nobody there
	is    [columns]float64
}

// samples are those of a rig, and the file that they go into as they come.
type samples struct {
	began time.Time
	size  size

	mu   sync.Mutex
	all  []sample
	file *os.File
	csv  *csv.Writer
}

// size tells how large the store is.
type size func(ctx context.Context) (kept, log float64, err error)

// file is a database file with its log.
func file(store string) size {
	path := strings.TrimPrefix(store, "sqlite:")
	return func(context.Context) (kept, log float64, err error) {
		db, err := os.Stat(path)
		if err != nil {
			return 0, 0, err
		}
		if wal, err := os.Stat(path + "-wal"); err == nil {
			log = float64(wal.Size())
		}
		return float64(db.Size()), log, nil
	}
}

// hot is a database but for the days of events, which are dropped as wholes, and for idempotency keys, which are kept a day:
// both grow for a day, as they should.
const hot = `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::float8 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = 'lastcall' AND c.relkind = 'r' AND c.relname !~ '^(events_|idempotency)'`

// database is a database on a server. Its log is the server's, and not ours to bound.
func database(server *pg.Server, db string) size {
	return func(ctx context.Context) (kept, _ float64, err error) {
		conn, err := pgx.Connect(ctx, server.URL(db))
		if err != nil {
			return 0, 0, err
		}
		defer func() { _ = conn.Close(ctx) }() // nothing was changed
		err = conn.QueryRow(ctx, hot).Scan(&kept)
		return kept, 0, err
	}
}

// measure begins to measure, until the end of the test.
func (r *rig) measure(size size) {
	r.t.Helper()
	dir := *folder
	if dir == "" && *soak == 0 {
		dir = r.t.TempDir()
	}
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "lastcall-soak-"); err != nil {
			r.t.Fatal(err)
		}
	}
	path := filepath.Join(dir, r.name+".csv")
	f, err := os.Create(path)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Logf("measurements of %s: %s", r.name, path)
	r.samples.began, r.samples.size, r.samples.file, r.samples.csv = time.Now(), size, f, csv.NewWriter(f)
	_ = r.samples.csv.Write(append([]string{"seconds", "node", "quiet"}, titles[:]...)) // Flush says what went wrong
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // ends with the test, which waits for it
		defer close(stopped)
		tick := time.NewTicker(r.plan.every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				r.samples.keep(r.look(false))
			case <-stop:
				return
			}
		}
	}()
	r.t.Cleanup(func() {
		close(stop)
		<-stopped
		r.samples.csv.Flush()
		if err := r.samples.csv.Error(); err != nil {
			r.t.Error(err)
		}
		_ = f.Close() // what was to be written has been
	})
}

// look measures every process that is there.
func (r *rig) look(quiet bool) []sample {
	var found []sample
	ctx, cancel := context.WithTimeout(context.Background(), lab.Patience)
	defer cancel()
	kept, log, err := r.samples.size(ctx)
	if err != nil {
		r.t.Errorf("measure the store: %v", err)
	}
	for _, n := range r.there() {
		s, err := n.measure(ctx)
		if err != nil {
			continue // it has just been killed; one that does not answer is found by others
		}
		s.at, s.quiet, s.is[stored], s.is[logged] = time.Since(r.samples.began), quiet, kept, log
		found = append(found, s)
	}
	return found
}

// keep puts measurements on the table.
func (s *samples) keep(found []sample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range found {
		s.all = append(s.all, f)
		row := []string{strconv.FormatFloat(f.at.Seconds(), 'f', 1, 64), f.node, strconv.FormatBool(f.quiet)}
		for _, v := range f.is {
			row = append(row, strconv.FormatFloat(v, 'f', -1, 64))
		}
		_ = s.csv.Write(row) // Flush says what went wrong
	}
	s.csv.Flush()
}
