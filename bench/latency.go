package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// pacedRate is how many tasks a second are submitted where latency is measured.
const pacedRate = 300

// pacedRounds are what was found at a steady rate; each is a list of two things that were timed (notified.found, runPickup).
type pacedRounds struct{ sqlite, postgres, river []heard }

// latency measures submit to result, the stores and River in turns.
func (r *rig) latency(ctx context.Context) (section, error) {
	var l pacedRounds
	sides := []struct {
		name string
		into *[]heard
		run  func(context.Context, int) (heard, error)
	}{
		{"SQLite", &l.sqlite, r.notifiedSQLite},
		{"PostgreSQL", &l.postgres, r.notifiedPostgres},
		{"River", &l.river, r.pickedUp},
	}
	for round := range r.rounds {
		for i := range sides {
			s := sides[(i+round)%len(sides)]
			h, err := s.run(ctx, round)
			if err == nil && h.Error != "" {
				err = errors.New(h.Error)
			}
			if err == nil && h.Lost > 0 {
				err = fmt.Errorf("%d were never heard of", h.Lost)
			}
			if err != nil {
				return section{}, fmt.Errorf("%s: %w", s.name, err)
			}
			*s.into = append(*s.into, h)
			fmt.Printf("latency at %d/s, %-10s round %d: first %s / %s, second %s / %s\n", pacedRate, s.name, round+1,
				ms(h.Waits[0].quantile(.5)), ms(h.Waits[0].quantile(.99)), ms(h.Waits[1].quantile(.5)), ms(h.Waits[1].quantile(.99)))
		}
	}
	return reportLatency(&l, r.version), nil
}

func (r *rig) notifiedSQLite(ctx context.Context, round int) (heard, error) {
	return r.notifiedOn(ctx, "sqlite:"+filepath.Join(r.dir, fmt.Sprintf("latency-%d.db", round)))
}

func (r *rig) notifiedPostgres(ctx context.Context, _ int) (h heard, err error) {
	db, err := r.fresh(ctx)
	if err != nil {
		return h, err
	}
	defer func() { err = firstOf(err, db.drop(context.WithoutCancel(ctx))) }()
	return r.notifiedOn(ctx, db.url)
}

// notifiedOn serves on a store, idle but for the load.
func (r *rig) notifiedOn(ctx context.Context, store string) (heard, error) {
	cmd, addr, err := serve(ctx, r.command, store)
	if err != nil {
		return heard{}, err
	}
	defer end(cmd)
	return r.self(ctx, "notified", "-addr", addr, "-rate", strconv.Itoa(pacedRate), "-for", r.paced.String())
}

// self runs this program as one of its other selves and reads what that has found.
func (r *rig) self(ctx context.Context, args ...string) (heard, error) {
	var h heard
	self, err := os.Executable()
	if err != nil {
		return h, err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return h, fmt.Errorf("%s: %w", args[0], err)
	}
	err = json.Unmarshal(out.Bytes(), &h)
	return h, err
}

// pickedUp has River's jobs worked by a process of its own and inserts them from this one.
func (r *rig) pickedUp(ctx context.Context, _ int) (h heard, err error) {
	db, err := r.fresh(ctx)
	if err != nil {
		return h, err
	}
	defer func() { err = firstOf(err, db.drop(context.WithoutCancel(ctx))) }()
	self, err := os.Executable()
	if err != nil {
		return h, err
	}
	cmd := exec.CommandContext(ctx, self, "pickup", "-url", db.url)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return h, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return h, err
	}
	if err := cmd.Start(); err != nil {
		return h, err
	}
	defer end(cmd)
	lines := bufio.NewReader(out)
	if line, err := lines.ReadString('\n'); err != nil || strings.TrimSpace(line) != "ready" {
		return h, fmt.Errorf("start River: %q, %w", line, err)
	}
	if err := insertPaced(ctx, db.url, pacedRate, r.paced); err != nil {
		return h, fmt.Errorf("insert: %w", err)
	}
	if err := wait(ctx, time.Second); err != nil { // its completer writes a few times a second
		return h, err
	}
	if err := in.Close(); err != nil {
		return h, err
	}
	text, err := io.ReadAll(lines)
	if err != nil {
		return h, err
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return h, err
	}
	h.Lost = int(r.paced.Seconds()*pacedRate) - len(h.Waits[0])
	return h, nil
}

// reportLatency is the section of submit to notified.
func reportLatency(l *pacedRounds, version string) section {
	var b strings.Builder
	fmt.Fprintf(&b, `%[1]d tasks a second come in, one request each, while the workers are idle. Each is stored durably, run, and its result
read by its client from a WebSocket: the real command, ten clients, the load in a process of its own. The clock runs from
just before the request is sent; a request that takes long delays no other. Beside it River at the same rate: one insert
a job, its workers in a process of their own, woken by its LISTEN/NOTIFY and a poll each %[2]s, with the smallest
cooldown that it allows (1 ms). Its first row ends where a job's work begins, with nobody told of a result; its second where its own
subscribers, in the process that worked, hear that a job is completed, which waits for its batch completer.

This run: %[3]s.

| | from, to | samples | p50 | p99 | longest | p99 by round |
|---|---|---:|---:|---:|---:|---|
`, pacedRate, riverPoll, machine("%s, %d rounds", version, len(l.river)))
	row := func(name, what string, rounds []heard, timed int) {
		var all waits
		for _, h := range rounds {
			all = append(all, h.Waits[timed]...)
		}
		p99 := over(rounds, func(h heard) float64 { return float64(h.Waits[timed].quantile(.99)) / 1e6 })
		fmt.Fprintf(&b, "| %s | %s | %d | **%s** | **%s** | %s | %s ms |\n", name, what, len(all),
			ms(all.quantile(.5)), ms(all.quantile(.99)), ms(all.quantile(1)), p99.span("%.2f"))
	}
	row("lastcall, SQLite", "submit to result at the client", l.sqlite, 1)
	row("lastcall, PostgreSQL", "submit to result at the client", l.postgres, 1)
	row("River", "insert to work begun", l.river, 0)
	row("River", "insert to completed", l.river, 1)
	row("lastcall, SQLite", "submit to 202", l.sqlite, 0)
	row("lastcall, PostgreSQL", "submit to 202", l.postgres, 0)
	b.WriteString("\nThe target is p50 ≤ 5 ms and p99 ≤ 20 ms on both stores, the stretch p99 ≤ 10 ms.\n")
	return section{"Submit to result at the client", b.String()}
}
