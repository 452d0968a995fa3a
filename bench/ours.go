package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/worker"
)

const (
	oursWorkers   = riverWorkers // the same number: it is how many tasks are under way at a time
	oursBatch     = 1000         // tasks of one submit, which is the most that a batch call may bring
	oursInserters = 2            // submits under way at a time
)

// ourSide is lastcall in the shape in which River is measured: a store, and workers with a Go function that does nothing,
// in one process. Each task has a result, and an event in its client's mailbox.
type ourSide struct {
	stores  []lastcall.Store // each is a node's
	nodes   []*ourNode
	clients int
	workers int // runs at a time on a node
	named   atomic.Int64
	put     atomic.Int64
	done    atomic.Int64
}

// ourNode is a worker that runs.
type ourNode struct {
	worker *worker.Worker
	stop   context.CancelFunc
	ended  chan error
}

// openOurs opens a side with a node for each store.
func openOurs(clients, workers int, stores ...lastcall.Store) *ourSide {
	return &ourSide{stores: stores, clients: clients, workers: workers}
}

func (s *ourSide) insert(ctx context.Context, n int) error {
	var (
		wg     sync.WaitGroup
		left   atomic.Int64
		failed = make(chan error, oursInserters)
	)
	left.Store(int64(n))
	for i := range oursInserters {
		store := s.stores[i%len(s.stores)]
		wg.Go(func() {
			for {
				before := left.Add(-oursBatch) + oursBatch
				if before <= 0 {
					return
				}
				answers, err := store.Submit(ctx, s.batch(int(min(before, oursBatch))))
				if err != nil {
					failed <- err
					return
				}
				s.put.Add(int64(len(answers)))
			}
		})
	}
	wg.Wait()
	close(failed)
	return <-failed
}

// batch is the next n tasks, each for the next client.
func (s *ourSide) batch(n int) []lastcall.Submission {
	first := int(s.named.Add(int64(n))) - n
	tasks := make([]lastcall.Submission, n)
	for i := range tasks {
		tasks[i] = lastcall.Submission{
			Type: "benchmark", Client: "client-" + strconv.Itoa((first+i)%s.clients),
			Input: fmt.Appendf(nil, `{"num":%d}`, first+i+1),
		}
	}
	return tasks
}

func (s *ourSide) start(ctx context.Context) error {
	for i, store := range s.stores {
		n, err := s.work(ctx, fmt.Sprintf("node-%d", i), store)
		if err != nil {
			return err
		}
		s.nodes = append(s.nodes, n)
	}
	return nil
}

// work starts a node. A task counts once its outcome is settled, which is one commit with its event.
func (s *ourSide) work(ctx context.Context, name string, store lastcall.Store) (*ourNode, error) {
	nothing := func(context.Context, json.RawMessage) (json.RawMessage, error) {
		return json.RawMessage(`{"done":true}`), nil
	}
	w, err := worker.New(store, worker.Options{
		Node: name, Logger: quiet(), Concurrency: s.workers,
		Types:   []lastcall.TaskType{{Name: "benchmark", Handler: lastcall.HandlerFunc(nothing)}},
		Settled: func(_ string, became lastcall.Status, _ time.Duration) { s.settled(became) },
	})
	if err != nil {
		return nil, err
	}
	if err := w.Join(ctx); err != nil {
		return nil, err
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	n := &ourNode{worker: w, stop: stop, ended: make(chan error, 2)}
	go func() { n.ended <- w.Run(life) }() // both end with life, and end waits for them
	go func() {
		_ = store.Watch(life, w.Moved)
		n.ended <- nil
	}()
	return n, nil
}

func (s *ourSide) settled(became lastcall.Status) {
	if became == lastcall.Succeeded {
		s.done.Add(1)
	}
}

func (s *ourSide) worked() int64 { return s.done.Load() }
func (s *ourSide) left() int64   { return s.put.Load() - s.done.Load() }

func (s *ourSide) close() error {
	first := s.rest()
	for _, store := range s.stores {
		if err := store.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// rest stops the workers; the stores stay open. Nothing is claimed any more and what runs is finished first, so that
// nothing has to be handed back.
func (s *ourSide) rest() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var first error
	for _, n := range s.nodes {
		n.worker.StopClaims()
		idle := func() bool { return n.worker.Look().Idle() }
		first = firstOf(first, until(ctx, idle))
		n.stop()
	}
	for _, n := range s.nodes {
		for range cap(n.ended) {
			if err := <-n.ended; err != nil && first == nil {
				first = err
			}
		}
	}
	s.nodes = nil
	return first
}
