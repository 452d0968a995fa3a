package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// restInserters is how many batch calls are under way at a time.
const restInserters = 2

// overREST has the real command work tasks off that come in by the batch call, and returns tasks a second, round by round.
func (r *rig) overREST(ctx context.Context) ([]float64, error) {
	var all []float64
	for round := range r.rounds {
		rate, err := r.restRound(ctx)
		if err != nil {
			return nil, err
		}
		fmt.Printf("no-op tasks over REST, round %d: %6.0f/s\n", round+1, rate)
		all = append(all, rate)
	}
	return all, nil
}

func (r *rig) restRound(ctx context.Context) (rate float64, err error) {
	db, err := r.fresh(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = firstOf(err, db.drop(context.WithoutCancel(ctx))) }()
	return r.restOn(ctx, r.command, db.url)
}

// restOn has a command work off on a store, from the first request until no task is left.
func (r *rig) restOn(ctx context.Context, command, store string) (float64, error) {
	n, err := serve(ctx, command, store, "--concurrency", strconv.Itoa(oursWorkers))
	if err != nil {
		return 0, err
	}
	defer n.end()
	began := time.Now()
	if err := n.postBatches(ctx, r.bout.tasks, 500); err != nil {
		return 0, err
	}
	for {
		open, err := n.unfinished(ctx)
		if err != nil {
			return 0, err
		}
		if open == 0 {
			return float64(r.bout.tasks) / time.Since(began).Seconds(), nil
		}
		if err := wait(ctx, 10*time.Millisecond); err != nil {
			return 0, err
		}
	}
}

// postBatches submits count tasks, a thousand at a time, each for the next of so many clients.
func (n *node) postBatches(ctx context.Context, count, clients int) error {
	work := make(chan int)
	ended := make(chan error, restInserters)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range restInserters { // they end with the work, or with the first that fails
		go func() {
			var err error
			for first := range work {
				if err = n.postBatch(ctx, first, min(oursBatch, count-first), clients); err != nil {
					cancel()
					break
				}
			}
			ended <- err
		}()
	}
	for first := 0; first < count && ctx.Err() == nil; first += oursBatch {
		select {
		case work <- first:
		case <-ctx.Done():
		}
	}
	close(work)
	var failed error
	for range restInserters {
		failed = firstOf(failed, <-ended)
	}
	return failed
}

func (n *node) postBatch(ctx context.Context, first, count, clients int) error {
	var b strings.Builder
	b.WriteString(`{"tasks":[`)
	for i := range count {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"echo","client":%q,"input":{"num":%d}}`, clientName((first+i)%clients), first+i+1)
	}
	b.WriteString(`]}`)
	return n.call(ctx, http.MethodPost, "/v1/tasks:batch", b.String(), nil)
}

// unfinished is how many tasks wait or run.
func (n *node) unfinished(ctx context.Context) (int, error) {
	var q struct {
		Totals struct {
			Queued    int `json:"queued"`
			Scheduled int `json:"scheduled"`
			Running   int `json:"running"`
		} `json:"totals"`
	}
	err := n.call(ctx, http.MethodGet, "/v1/queues", "", &q)
	return q.Totals.Queued + q.Totals.Scheduled + q.Totals.Running, err
}
