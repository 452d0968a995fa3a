package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/postgres"
)

// restarted is how soon a node is back that was killed with a long queue.
type restarted struct {
	Queued int         `json:"queued"`
	Stores []*comeback `json:"stores"`
}

// comeback is one store's, round by round.
type comeback struct {
	Store  string   `json:"store"`
	Rounds []backUp `json:"rounds"`
}

// backUp is counted from the start of the new process.
type backUp struct {
	Ready time.Duration `json:"ready"` // until /readyz says 200
	Taken time.Duration `json:"taken"` // until the first task runs
}

// restart measures SIGKILL and start, on both stores.
func (r *rig) restart(ctx context.Context) (restarted, error) {
	found := restarted{Queued: r.backlog}
	for _, kind := range []struct {
		name string
		open func(context.Context) (string, lastcall.Store, error)
	}{{"SQLite", r.namedSQLite}, {"PostgreSQL", r.namedPostgres}} {
		c := &comeback{Store: kind.name}
		found.Stores = append(found.Stores, c)
		name, store, err := kind.open(ctx)
		if err != nil {
			return found, err
		}
		if err := errors.Join(r.fill(ctx, store), store.Close()); err != nil {
			return found, fmt.Errorf("%s: fill: %w", kind.name, err)
		}
		if err := r.comeBack(ctx, c, name); err != nil {
			return found, fmt.Errorf("%s: %w", kind.name, err)
		}
	}
	return found, nil
}

func (r *rig) namedSQLite(ctx context.Context) (string, lastcall.Store, error) {
	name := r.newFile()
	store, err := openFile(ctx, name)
	return name, store, err
}

func (r *rig) namedPostgres(ctx context.Context) (string, lastcall.Store, error) {
	db, err := r.fresh(ctx)
	if err != nil {
		return "", nil, err
	}
	store, err := postgres.Open(ctx, db.url, postgres.Options{Logger: quiet()})
	return db.url, store, err
}

// fill queues tasks that last longer than the part.
func (r *rig) fill(ctx context.Context, store lastcall.Store) error {
	for queued := 0; queued < r.backlog; {
		tasks := make([]lastcall.Submission, min(oursBatch, r.backlog-queued))
		for i := range tasks {
			tasks[i] = lastcall.Submission{
				Type: "sleep", Client: clientName((queued + i) % 500), Input: []byte(`{"ms":3600000,"steps":1}`),
			}
		}
		if _, err := store.Submit(ctx, tasks); err != nil {
			return err
		}
		queued += len(tasks)
	}
	return nil
}

// comeBack kills a node in the middle of its work and starts the next, round by round. The first is not measured.
func (r *rig) comeBack(ctx context.Context, c *comeback, store string) error {
	for round := range r.rounds + 1 {
		b, err := r.backUp(ctx, store)
		if err != nil {
			return err
		}
		if round == 0 {
			continue
		}
		c.Rounds = append(c.Rounds, b)
		fmt.Printf("restart, %s, %d queued, round %d: ready after %s, first task after %s\n", c.Store, r.backlog, round, ms(b.Ready), ms(b.Taken))
	}
	return nil
}

// backUp starts a node, waits until it works, and kills it.
func (r *rig) backUp(ctx context.Context, store string) (b backUp, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, time.Minute, errors.New("it did not work within a minute"))
	defer cancel()
	n, err := serve(ctx, r.command, store)
	if err != nil {
		return b, err
	}
	defer n.end() // by SIGKILL
	for n.call(ctx, http.MethodGet, "/readyz", "", nil) != nil {
		if err := wait(ctx, time.Millisecond); err != nil {
			return b, err
		}
	}
	b.Ready = time.Since(n.began)
	for {
		m, err := n.metrics(ctx)
		if err != nil {
			return b, err
		}
		if m["lastcall_running"] > 0 {
			b.Taken = time.Since(n.began)
			return b, nil
		}
		if err := wait(ctx, time.Millisecond); err != nil {
			return b, err
		}
	}
}

// showRestart is the section of coming back.
func showRestart(m machine, found restarted) section {
	var b strings.Builder
	fmt.Fprintf(&b, `A node with %[1]d tasks queued, and with all its slots at work, is killed by SIGKILL; then it is started anew on the same
store. Both times run from the start of the new process: until %[2]s answers 200, and until a task runs, as
%[3]s says.

This run: %[4]s.

| store | ready | lowest to highest | first task runs | lowest to highest |
|---|---:|---|---:|---|
`, found.Queued, "`/readyz`", "`lastcall_running`", m)
	for _, c := range found.Stores {
		ready := over(c.Rounds, func(b backUp) float64 { return float64(b.Ready) / 1e6 })
		taken := over(c.Rounds, func(b backUp) float64 { return float64(b.Taken) / 1e6 })
		fmt.Fprintf(&b, "| %s | **%.0f ms** | %s | %.0f ms | %s |\n", c.Store, ready.mid, ready.span("%.0f"), taken.mid, taken.span("%.0f"))
	}
	b.WriteString("\nThe target is ready in 2 s with 1,000,000 queued, the stretch 1 s.\n")
	return section{"Back after SIGKILL", b.String()}
}
