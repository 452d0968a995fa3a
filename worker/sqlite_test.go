package worker_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/sqlite"
	"github.com/lastcall-dev/lastcall/worker"
)

// What follows runs against the real store, on the disk and in real time: what a fake would only agree to.

// disk is a worker on a store that lies on the disk.
type disk struct {
	*worker.Worker
	store lastcall.Store
	moved chan struct{} // holds a value when something has changed
	stop  func()
}

func openOnDisk(tb testing.TB, o worker.Options) *disk {
	tb.Helper()
	return openAt(tb, filepath.Join(tb.TempDir(), "lastcall.db"), o, nil)
}

// openAt is openOnDisk for a file that others may have open too.
func openAt(tb testing.TB, path string, o worker.Options, committed func(calls int, took time.Duration)) *disk {
	tb.Helper()
	log := slog.New(slog.DiscardHandler)
	store, err := sqlite.Open(tb.Context(), path, sqlite.Options{Logger: log, Committed: committed})
	if err != nil {
		tb.Fatal(err)
	}
	r := &disk{store: store, moved: make(chan struct{}, 1)}
	o.Node, o.Logger = "pod-a", log
	o.Changed = func() {
		select {
		case r.moved <- struct{}{}:
		default:
		}
	}
	if r.Worker, err = worker.New(store, o); err != nil {
		tb.Fatal(err)
	}
	if err := r.Join(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	done := make(chan error, 2)
	go func() { done <- r.Run(ctx) }()
	go func() {
		_ = store.Watch(ctx, r.Moved)
		done <- nil
	}()
	r.stop = func() {
		cancel()
		for range 2 {
			if err := <-done; err != nil {
				tb.Error(err)
			}
		}
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	}
	return r
}

// submit writes n tasks of a type.
func (r *disk) submit(tb testing.TB, n int, typ string) []string {
	tb.Helper()
	subs := make([]lastcall.Submission, n)
	for i := range subs {
		subs[i] = lastcall.Submission{Type: typ, Client: fmt.Sprintf("client-%d", i%100)}
	}
	answers, err := r.store.Submit(tb.Context(), subs)
	if err != nil {
		tb.Fatal(err)
	}
	ids := make([]string, n)
	for i := range answers {
		ids[i] = answers[i].Task.ID
	}
	return ids
}

// until waits for a condition, which is looked at whenever something has changed.
func (r *disk) until(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	late := time.After(time.Minute)
	for !cond() {
		select {
		case <-r.moved:
		case <-late:
			tb.Fatalf("not %s within a minute; it is %+v", what, r.Look())
		}
	}
}

// G2, G5: each task ends once, with its event in its client's mailbox.
func TestTasksGoThroughTheRealStore(t *testing.T) {
	r := openOnDisk(t, types(kind("a", ready)))
	defer r.stop()
	for range 5 {
		r.submit(t, 100, "a")
	}
	r.until(t, "done", func() bool { return r.Finished() == 500 && r.Look().Dry })
	for c := range 100 {
		_, events, err := r.store.Events(t.Context(), fmt.Sprintf("client-%d", c), 0, 200)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for i, ev := range events {
			if ev.Seq != int64(i+1) || ev.Type != lastcall.TaskSucceeded || seen[ev.Task] {
				t.Fatalf("client %d, event %d is %+v", c, i, ev)
			}
			seen[ev.Task] = true
		}
		if len(events) != 5 {
			t.Fatalf("client %d has %d events, want 5", c, len(events))
		}
	}
}

// G4: what a hand-back leaves on the disk is what the next node goes on with.
func TestAHandBackOnTheRealStoreKeepsTheCheckpointAndTheAttempt(t *testing.T) {
	saves := func(ctx context.Context, r lastcall.Run) (string, error) {
		<-ctx.Done()
		if err := r.Checkpoint([]byte("page 7")); err != nil {
			return "", err
		}
		return "", context.Cause(ctx)
	}
	r := openOnDisk(t, types(kind("a", saves), kind("stuck", hangs(t), lastcall.WithStopTimeout(50*time.Millisecond))))
	defer r.stop()
	id, stuck := r.submit(t, 1, "a")[0], r.submit(t, 1, "stuck")[0]
	r.until(t, "running", func() bool { return len(r.Running()) == 2 })
	counts := r.HandBack(t.Context(), 5*time.Second)
	wantCounts(t, counts, worker.HandedBack{HandedBack: 1, Fenced: 1})
	for id, checkpoint := range map[string]string{id: "page 7", stuck: ""} {
		got, err := r.store.Task(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if got.Status != lastcall.Queued || got.Attempt != 0 || got.Run != 1 || string(got.Checkpoint) != checkpoint {
			t.Errorf("got %+v", got)
		}
	}
}

// hangs does not return before the test is over.
func hangs(t *testing.T) handle {
	t.Helper()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	return func(context.Context, lastcall.Run) (string, error) {
		<-release
		return `"late"`, nil
	}
}

func TestACancelReachesARunThroughTheRealStore(t *testing.T) {
	o := types(kind("a", listens))
	o.Beat = time.Hour // by the hint alone
	o.Lease = 2 * time.Hour
	r := openOnDisk(t, o)
	defer r.stop()
	id := r.submit(t, 1, "a")[0]
	r.until(t, "running", func() bool { return len(r.Running()) == 1 })
	if _, err := r.store.Cancel(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	r.until(t, "canceled", func() bool { return r.Finished() == 1 })
	if got, err := r.store.Task(t.Context(), id); err != nil || got.Status != lastcall.Canceled {
		t.Errorf("got %v, %v", got.Status, err)
	}
}

// BenchmarkTasks is no-op tasks from the queue to their events, an operation each.
func BenchmarkTasks(b *testing.B) {
	r := openOnDisk(b, types(kind("a", ready)))
	defer r.stop()
	r.StopClaims()
	for n := b.N; n > 0; n -= 1000 {
		r.submit(b, min(n, 1000), "a")
	}
	b.ResetTimer()
	r.ResumeClaims()
	r.until(b, "done", func() bool { return r.Finished() == b.N })
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
}

// Section 8: each of two processes on one file notices what the other commits. If it answered that with a commit of its
// own, both would be at it for ever.
func TestTwoIdleWorkersOnOneFileLeaveItAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lastcall.db")
	var commits atomic.Int64
	count := func(int, time.Duration) { commits.Add(1) }
	for range 2 {
		t.Cleanup(openAt(t, path, types(kind("a", ready)), count).stop)
	}
	const watched = 3 * time.Second
	<-time.After(watched / 2) // until each has found the other
	before := commits.Load()
	<-time.After(watched)
	// Two beats of each, three sweeps and as many polls, and some slack: it is a question of ten or of a thousand.
	if n := commits.Load() - before; n > 60 {
		t.Errorf("%d commits in %v of doing nothing", n, watched)
	}
}
