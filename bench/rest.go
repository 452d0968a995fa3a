package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
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
	cmd, addr, err := serve(ctx, r.command, db.url, "--concurrency", strconv.Itoa(oursWorkers))
	if err != nil {
		return 0, err
	}
	defer end(cmd)
	began := time.Now()
	if err := postBatches(ctx, addr, r.bout.tasks); err != nil {
		return 0, err
	}
	for {
		open, err := unfinished(ctx, addr)
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

// postBatches submits count tasks, a thousand at a time.
func postBatches(ctx context.Context, addr string, count int) error {
	work := make(chan int)
	ended := make(chan error, restInserters)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range restInserters { // they end with the work, or with the first that fails
		go func() {
			var err error
			for first := range work {
				if err = postBatch(ctx, addr, first, min(oursBatch, count-first)); err != nil {
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

func postBatch(ctx context.Context, addr string, first, n int) error {
	var b strings.Builder
	b.WriteString(`{"tasks":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"echo","client":%q,"input":{"num":%d}}`, clientName((first+i)%500), first+i+1)
	}
	b.WriteString(`]}`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/v1/tasks:batch", strings.NewReader(b.String()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		why, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return fmt.Errorf("%s: %s", resp.Status, why)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// unfinished is how many tasks wait or run.
func unfinished(ctx context.Context, addr string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/v1/queues", http.NoBody)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var q struct {
		Totals struct {
			Queued    int `json:"queued"`
			Scheduled int `json:"scheduled"`
			Running   int `json:"running"`
		} `json:"totals"`
	}
	err = json.NewDecoder(resp.Body).Decode(&q)
	return q.Totals.Queued + q.Totals.Scheduled + q.Totals.Running, err
}
