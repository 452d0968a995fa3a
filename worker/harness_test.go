package worker_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/worker"
)

// shop is a worker that runs over a fake store, in a bubble.
type shop struct {
	*worker.Worker
	t     *testing.T
	store *fakeStore
	stop  context.CancelFunc
	done  chan error
	left  sync.Once
}

// inShop runs a test in a bubble with a worker for the types, and sees to it that the worker ends.
func inShop(t *testing.T, o worker.Options, test func(s *shop)) {
	t.Helper()
	inShopOn(t, newFakeStore(), o, test)
}

// inShopOn is inShop over a store that was prepared. What its hooks do must stay within the bubble.
func inShopOn(t *testing.T, store *fakeStore, o worker.Options, test func(s *shop)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, store, o)
		defer s.pass(2 * deafness) // handlers that were left behind leave the bubble
		defer s.close()
		test(s)
	})
}

func openShop(t *testing.T, store *fakeStore, o worker.Options) *shop {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Node = "pod-a"
	w, err := worker.New(store, o)
	if err != nil {
		t.Fatal(err)
	}
	store.hints = w.Moved
	if err := w.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	s := &shop{Worker: w, t: t, store: store, stop: stop, done: make(chan error, 1)}
	go func() { s.done <- w.Run(ctx) }()
	synctest.Wait()
	return s
}

// close ends Run and waits for it.
func (s *shop) close() {
	s.left.Do(func() {
		s.wait()
		s.stop()
		if err := <-s.done; err != nil {
			s.t.Errorf("Run: %v", err)
		}
	})
}

// wants fails unless the task has the status, and returns it.
func (s *shop) wants(id string, status lastcall.Status) lastcall.Task {
	s.t.Helper()
	s.wait()
	t := s.store.task(id)
	if t.Status != status {
		s.t.Errorf("task %s is %s (error %v), want %s", id, t.Status, t.Error, status)
	}
	return t
}

// wait returns when everything that goes on waits for time to pass.
func (s *shop) wait() {
	s.store.fence()
	synctest.Wait()
}

// pass lets time pass.
func (s *shop) pass(d time.Duration) {
	s.wait()
	time.Sleep(d)
	synctest.Wait()
}

type handle func(ctx context.Context, r lastcall.Run) (string, error)

// kind is a task type of a function, for tests that do not care for the input.
func kind(name string, fn handle, opts ...lastcall.TypeOption) lastcall.TaskType {
	t := lastcall.TaskType{
		Name: name,
		Handler: lastcall.HandlerFunc(func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
			out, err := fn(ctx, lastcall.RunFrom(ctx))
			return json.RawMessage(out), err
		}),
	}
	for _, o := range opts {
		o(&t)
	}
	return t
}

func types(t ...lastcall.TaskType) worker.Options { return worker.Options{Types: t} }

// ready answers at once.
func ready(context.Context, lastcall.Run) (string, error) { return `"ok"`, nil }

// listens works until its context ends, and returns why.
func listens(ctx context.Context, _ lastcall.Run) (string, error) {
	<-ctx.Done()
	return "", context.Cause(ctx)
}

// deaf works for a long time, whatever its context says, and then comes with a success.
func deaf(context.Context, lastcall.Run) (string, error) {
	time.Sleep(deafness)
	return `"late"`, nil
}

const deafness = 10 * time.Minute

// lasts works for a time, whatever its context says.
func lasts(d time.Duration) handle {
	return func(context.Context, lastcall.Run) (string, error) {
		time.Sleep(d)
		return `"slept"`, nil
	}
}

// chats says how far it is, all the time.
func chats(ctx context.Context, r lastcall.Run) (string, error) {
	for ctx.Err() == nil {
		r.Progress(1, "")
		time.Sleep(time.Second)
	}
	return "", context.Cause(ctx)
}
