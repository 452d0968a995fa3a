package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// The settings are those of River's own benchmark, `river bench`, where trying others brought nothing: FetchCooldown and
// FetchPollInterval, 2,000 workers, 5,000 jobs an insert. What it could do better is done better here: InsertManyFast, which
// copies, in place of InsertMany.
const (
	riverWorkers  = 2000
	riverBatch    = 5000
	riverCooldown = river.FetchCooldownMin
	riverPoll     = 20 * time.Millisecond
)

// riverJob is a job that does nothing.
type riverJob struct {
	Num int   `json:"num"`
	At  int64 `json:"at,omitempty"` // when it was about to be inserted, nanoseconds since 1970
}

// Kind names the job to River.
func (riverJob) Kind() string { return "benchmark" }

// riverWorker does it.
type riverWorker struct {
	river.WorkerDefaults[riverJob]

	began func(riverJob) // told when a job's work begins; nil: nobody is
}

// Work does nothing.
func (w *riverWorker) Work(_ context.Context, j *river.Job[riverJob]) error {
	if w.began != nil {
		w.began(j.Args)
	}
	return nil
}

// riverSide is River, inserting and working in one process as its benchmark does.
type riverSide struct {
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
	ended  chan struct{} // closed when nobody counts any more
	put    atomic.Int64
	done   atomic.Int64
}

// riverPool opens a database and gives it River's tables.
func riverPool(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = 10
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: quiet()})
	if err == nil {
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("river's tables: %w", err)
	}
	return pool, nil
}

// quiet logs what goes wrong.
func quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func openRiver(ctx context.Context, url string) (side, error) {
	pool, err := riverPool(ctx, url)
	if err != nil {
		return nil, err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &riverWorker{})
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		FetchCooldown: riverCooldown, FetchPollInterval: riverPoll, Logger: quiet(), Workers: workers,
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: riverWorkers}},
	})
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &riverSide{pool: pool, client: client}, nil
}

func (s *riverSide) insert(ctx context.Context, n int) error {
	for n > 0 {
		batch := make([]river.InsertManyParams, min(n, riverBatch))
		for i := range batch {
			batch[i].Args = riverJob{Num: int(s.put.Load()) + i + 1}
		}
		if _, err := s.client.InsertManyFast(ctx, batch); err != nil {
			return err
		}
		s.put.Add(int64(len(batch)))
		n -= len(batch)
	}
	return nil
}

// start counts as River's benchmark does, by its subscription: it hears of a job once its completion is committed.
func (s *riverSide) start(ctx context.Context) error {
	events, unsubscribe := s.client.SubscribeConfig(&river.SubscribeConfig{
		ChanSize: 75_000, Kinds: []river.EventKind{river.EventKindJobCompleted},
	})
	s.ended = make(chan struct{})
	go func() { // ends when the client has stopped, which closes the channel
		defer close(s.ended)
		defer unsubscribe()
		for range events {
			s.done.Add(1)
		}
	}()
	return s.client.Start(context.WithoutCancel(ctx))
}

func (s *riverSide) worked() int64 { return s.done.Load() }
func (s *riverSide) left() int64   { return s.put.Load() - s.done.Load() }

func (s *riverSide) close() error {
	defer s.pool.Close()
	if s.ended == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := s.client.Stop(ctx)
	<-s.ended
	return err
}
