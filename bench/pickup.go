package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// pickups are what River's working process has timed.
type pickups struct {
	mu        sync.Mutex
	began     waits // from just before the insert until its work begins
	completed waits // the same until River's subscribers are told that it is completed
}

// runPickup works River's jobs, woken by its LISTEN/NOTIFY, until its standard input ends, and prints how long after their
// insert it began and completed each. One machine has one clock, so that both processes' times compare.
func runPickup(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("pickup", flag.ExitOnError)
	url := flags.String("url", "", "of the database")
	if err := flags.Parse(args); err != nil {
		return err
	}
	pool, err := riverPool(ctx, *url)
	if err != nil {
		return err
	}
	defer pool.Close()
	var found pickups
	workers := river.NewWorkers()
	river.AddWorker(workers, &riverWorker{began: func(j riverJob) { found.note(&found.began, j.At) }})
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		FetchCooldown: river.FetchCooldownMin, FetchPollInterval: riverPoll, Logger: quiet(), Workers: workers,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: riverWorkers}},
	})
	if err != nil {
		return err
	}
	events, unsubscribe := client.Subscribe(river.EventKindJobCompleted)
	defer unsubscribe()
	counted := make(chan struct{})
	go func() { // ends when the client has stopped, which closes the channel
		defer close(counted)
		for e := range events {
			var j riverJob
			if json.Unmarshal(e.Job.EncodedArgs, &j) == nil {
				found.note(&found.completed, j.At)
			}
		}
	}()
	if err := client.Start(ctx); err != nil {
		return err
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := client.Stop(ctx); err != nil {
		return err
	}
	<-counted
	return json.NewEncoder(os.Stdout).Encode(heard{Waits: []waits{found.began, found.completed}})
}

// note keeps one wait; what was inserted to warm up says no time.
func (p *pickups) note(list *waits, at int64) {
	if at == 0 {
		return
	}
	took := time.Since(time.Unix(0, at))
	p.mu.Lock()
	*list = append(*list, took)
	p.mu.Unlock()
}

// insertPaced inserts River's jobs one by one at a steady rate, from a client that works none of them.
func insertPaced(ctx context.Context, url string, rate int, lasts time.Duration) error {
	pool, err := riverPool(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{FetchCooldown: river.FetchCooldownMin, Logger: quiet()})
	if err != nil {
		return err
	}
	skip := int(warmUp.Seconds() * float64(rate))
	failed := make(chan error, 1)
	err = paceOut(ctx, rate, skip+int(lasts.Seconds()*float64(rate)), func(i int) {
		if err := insertOne(ctx, client, i, i >= skip); err != nil {
			select {
			case failed <- err:
			default:
			}
		}
	})
	select {
	case err := <-failed:
		return err
	default:
		return err
	}
}

func insertOne(ctx context.Context, client *river.Client[pgx.Tx], i int, counts bool) error {
	j := riverJob{Num: i}
	if counts {
		j.At = time.Now().UnixNano()
	}
	_, err := client.Insert(ctx, j, nil)
	return err
}
