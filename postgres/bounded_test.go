package postgres

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

// everyCall is each method of a store that asks the database.
func everyCall(s *Store, incarnation, task string) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Join": func(ctx context.Context) error { _, err := s.Join(ctx, lastcall.NodeInfo{Name: "n"}); return err },
		"Beat": func(ctx context.Context) error {
			_, err := s.Beat(ctx, lastcall.Beat{Incarnation: incarnation, Lease: time.Hour})
			return err
		},
		"Runs":  func(ctx context.Context) error { _, err := s.Runs(ctx, incarnation); return err },
		"Nodes": func(ctx context.Context) error { _, err := s.Nodes(ctx); return err },
		"Submit": func(ctx context.Context) error {
			_, err := s.Submit(ctx, []lastcall.Submission{{Type: "b", Queue: "default", Client: "bob", MaxAttempts: 1}})
			return err
		},
		"Claim": func(ctx context.Context) error {
			_, err := s.Claim(ctx, lastcall.Claim{Incarnation: incarnation, Want: []lastcall.Want{{Type: "z", Max: 1}}, Max: 1})
			return err
		},
		"Lease": func(ctx context.Context) error {
			_, err := s.Lease(ctx, lastcall.LeaseRequest{Want: []lastcall.LeaseType{{Type: "z"}}, Max: 1, Length: time.Minute})
			return err
		},
		"Save": func(ctx context.Context) error {
			return s.Save(ctx, lastcall.Note{Task: task, Run: 1, Log: []byte("x")})
		},
		"Cancel":     func(ctx context.Context) error { _, err := s.Cancel(ctx, task); return err },
		"PauseQueue": func(ctx context.Context) error { _, err := s.PauseQueue(ctx, "other", false); return err },
		"Sweep": func(ctx context.Context) error {
			_, err := s.Sweep(ctx, lastcall.Sweep{Incarnation: incarnation, KeepTasks: time.Hour, KeepEvents: time.Hour})
			return err
		},
		"Task":        func(ctx context.Context) error { _, err := s.Task(ctx, task); return err },
		"Tasks":       func(ctx context.Context) error { _, err := s.Tasks(ctx, lastcall.Filter{Limit: 5}); return err },
		"Log":         func(ctx context.Context) error { _, err := s.Log(ctx, task); return err },
		"TaskEvents":  func(ctx context.Context) error { _, _, err := s.TaskEvents(ctx, task); return err },
		"Queues":      func(ctx context.Context) error { _, err := s.Queues(ctx); return err },
		"OpenMailbox": func(ctx context.Context) error { _, err := s.OpenMailbox(ctx, "alice"); return err },
		"Events":      func(ctx context.Context) error { _, _, err := s.Events(ctx, "alice", 0, 5); return err },
		"Ack":         func(ctx context.Context) error { return s.Ack(ctx, "alice", lastcall.Cursor{}) },
		"NewEpoch":    func(ctx context.Context) error { _, err := s.NewEpoch(ctx); return err },
		"EnterAnnounce": func(ctx context.Context) error {
			_, err := s.EnterAnnounce(ctx, incarnation, nil)
			return err
		},
	}
}

// callAll makes all calls at once and holds them to a bound.
func callAll(t *testing.T, calls map[string]func(context.Context) error, bound time.Duration, want lastcall.Code) {
	t.Helper()
	var all sync.WaitGroup
	for name, call := range calls {
		all.Go(func() {
			began := time.Now()
			err := call(t.Context())
			if took := time.Since(began); took > bound {
				t.Errorf("%s took %s", name, took)
			}
			if lastcall.CodeOf(err) != want {
				t.Errorf("%s returned %v, want the code %q", name, err, want)
			}
		})
	}
	all.Wait()
}

// A server that is frozen keeps its connections and answers nobody: each call ends by itself all the same, with
// store_unavailable, and the store goes on by itself when the server does.
func TestEveryCallToAFrozenServerEndsInItsTimeAndGoesOnAfterwards(t *testing.T) {
	server := pg.Start(t)
	s := openAt(t, server.Create(t, "frozen"))
	defer s.Close()
	inc, err := s.Join(t.Context(), lastcall.NodeInfo{Name: "n", Lease: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	task := submitted(t, s)
	claimed, err := s.Claim(t.Context(), lastcall.Claim{Incarnation: inc, Want: []lastcall.Want{{Type: "a", Max: 1}}, Max: 1})
	if err != nil || len(claimed) != 1 {
		t.Fatalf("%v, %v", claimed, err)
	}
	if _, err := s.OpenMailbox(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	calls := everyCall(s, inc, task.ID)
	callAll(t, calls, writeTimeout, "")
	server.Pause(t)
	// A sweep has several transactions; the first that fails ends it. OpenMailbox may read and then write.
	callAll(t, calls, readTimeout+2*time.Second, lastcall.CodeStoreUnavailable)
	server.Continue(t)
	until(t, "the store goes on", func() bool { return calls["Submit"](t.Context()) == nil })
	until(t, "all connections are good again", func() bool {
		for _, call := range calls {
			if call(t.Context()) != nil {
				return false
			}
		}
		return true
	})
	callAll(t, calls, writeTimeout, "")
}

// Nobody waits for longer than his own context, but for what has begun.
func TestACallThatWaitsForAConnectionEndsWithItsContext(t *testing.T) {
	s := openAt(t, pg.Shared(t).Create(t, "waiting")+"&pool_max_conns=1")
	defer s.Close()
	conn, err := s.pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Nodes(ctx); context.Cause(ctx) == nil || lastcall.CodeOf(err) == lastcall.CodeStoreUnavailable {
		t.Fatalf("returned %v before its context ended", err)
	}
}

// Clients that list and read in a loop, by the hundred, make each other wait, and nobody whose lease hangs on it (G9).
func TestWhatANodeLivesByDoesNotWaitBehindReads_G9(t *testing.T) {
	s := openAt(t, pg.Shared(t).Create(t, "behind_reads"))
	defer s.Close()
	inc, err := s.Join(t.Context(), lastcall.NodeInfo{Name: "n", Lease: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	calls := everyCall(s, inc, submitted(t, s).ID)
	var all sync.WaitGroup
	var reading atomic.Int64
	free := make(chan struct{})
	for range 200 {
		all.Go(func() {
			err := s.read(t.Context(), "read", func(context.Context, *pgx.Conn) error {
				reading.Add(1)
				<-free
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	until(t, "as many read as may", func() bool { return reading.Load() >= int64(cap(s.asking)) })
	for name := range calls {
		if !slices.Contains([]string{"Join", "Beat", "Runs", "Claim", "Sweep", "EnterAnnounce", "Submit", "Cancel"}, name) {
			delete(calls, name)
		}
	}
	callAll(t, calls, writeTimeout-time.Second, "")
	close(free)
	all.Wait()
}
