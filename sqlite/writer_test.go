package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// testStore opens a store of the test's own, closed at the end.
func testStore(tb testing.TB) *Store {
	tb.Helper()
	s := openAt(tb, filepath.Join(tb.TempDir(), "store.db"))
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// submitOne submits a task.
func submitOne(tb testing.TB, s *Store, sub lastcall.Submission) lastcall.Task {
	tb.Helper()
	out, err := s.Submit(context.WithoutCancel(tb.Context()), []lastcall.Submission{sub})
	if err != nil {
		tb.Fatal(err)
	}
	return out[0].Task
}

// wantCode fails the test unless err has the code.
func wantCode(tb testing.TB, err error, code lastcall.Code) {
	tb.Helper()
	if err == nil || lastcall.CodeOf(err) != code {
		tb.Fatalf("got the error %v, want one of the code %s", err, code)
	}
}

// stall keeps the writer busy until the function that it returns is called, so that what is called meanwhile joins its
// batch, and shares the fate of it.
func stall(tb testing.TB, s *Store) (release func()) {
	tb.Helper()
	begun, end, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	tell := sync.OnceFunc(func() { close(begun) }) // a batch may be run again
	go func() {                                    // ends with release
		defer close(done)
		_ = s.write(context.WithoutCancel(tb.Context()), "stall", 0, func(*tx) error {
			tell()
			<-end
			return nil
		})
	}()
	<-begun
	return sync.OnceFunc(func() {
		close(end)
		<-done
	})
}

// waitQueued waits until n calls wait for the writer.
func waitQueued(tb testing.TB, s *Store, n int) {
	tb.Helper()
	eventually(tb, "the calls wait", func() bool { return len(s.writer.queue) == n })
}

// eventually asks until the answer is yes.
func eventually(tb testing.TB, what string, ask func() bool) {
	tb.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	deadline := time.After(20 * time.Second)
	for !ask() {
		select {
		case <-again.C:
		case <-deadline:
			tb.Fatalf("waited in vain until %s", what)
		}
	}
}

// The calls that come while a commit is under way share the next one.
func TestCallsAtOnceShareACommit(t *testing.T) {
	s := testStore(t)
	const calls = 200
	release := stall(t, s)
	before := s.writer.commits.Load()
	var wg sync.WaitGroup
	for range calls {
		wg.Go(func() {
			if _, err := s.Submit(t.Context(), submission("a")); err != nil {
				t.Error(err)
			}
		})
	}
	waitQueued(t, s, calls)
	release()
	wg.Wait()
	if n := s.writer.commits.Load() - before; n > 2 {
		t.Fatalf("%d submits that came at once took %d commits", calls, n)
	}
}

// G10: a call that the file refuses does not cost its neighbours in the batch their commit.
func TestABadCallHurtsOnlyItself(t *testing.T) {
	s := testStore(t)
	const good = 20
	release := stall(t, s)
	var (
		wg  sync.WaitGroup
		bad error
	)
	for range good {
		wg.Go(func() {
			if _, err := s.Submit(t.Context(), submission("good")); err != nil {
				t.Error(err)
			}
		})
	}
	waitQueued(t, s, good)
	wg.Go(func() {
		bad = s.write(t.Context(), "test", 0, func(tx *tx) error {
			if _, err := tx.insert(&lastcall.Submission{Type: "bad"}); err != nil {
				return err
			}
			return tx.conn.Exec("UPDATE tasks SET status = 9 WHERE type = 'bad'")
		})
	})
	waitQueued(t, s, good+1)
	release()
	wg.Wait()
	wantCode(t, bad, lastcall.CodeInternal)
	wantTypes(t, s, map[string]int{"good": good})
}

// A call that fails after it has begun to write is undone, whoever it is that found the fault.
func TestACallThatFailsHalfWayLeavesNothing(t *testing.T) {
	s := testStore(t)
	fault := errors.New("found too late")
	err := s.write(t.Context(), "test", 0, func(tx *tx) error {
		if _, err := tx.insert(&lastcall.Submission{Type: "half"}); err != nil {
			return err
		}
		return fault
	})
	if !errors.Is(err, fault) {
		t.Fatalf("got %v", err)
	}
	wantTypes(t, s, nil)
	queues, err := s.Queues(t.Context())
	if err != nil || len(queues) != 0 {
		t.Fatalf("the queues are %v, %v", queues, err)
	}
}

// wantTypes fails the test unless the store holds so many tasks of each type.
func wantTypes(tb testing.TB, s *Store, want map[string]int) {
	tb.Helper()
	page, err := s.Tasks(tb.Context(), lastcall.Filter{Limit: 1000})
	if err != nil {
		tb.Fatal(err)
	}
	got := map[string]int{}
	for _, task := range page.Tasks {
		got[task.Type]++
	}
	for typ := range want {
		if got[typ] != want[typ] {
			tb.Fatalf("the store holds %v, want %v", got, want)
		}
	}
	if len(got) != len(want) {
		tb.Fatalf("the store holds %v, want %v", got, want)
	}
}

// A call whose context ends while it waits for its turn is never written; one that has begun is never half canceled.
func TestAContextEndsTheWaitAndNeverTheWrite(t *testing.T) {
	s := testStore(t)
	release := stall(t, s)
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the client has gone")
	answers := make(chan error, 1)
	go func() { // ends with the answer
		_, err := s.Submit(ctx, submission("waits"))
		answers <- err
	}()
	waitQueued(t, s, 1)
	cancel(gone)
	if err := <-answers; !errors.Is(err, gone) {
		t.Fatalf("got %v", err)
	}
	release()

	ctx, cancel = context.WithCancelCause(t.Context())
	err := s.write(ctx, "test", 0, func(tx *tx) error {
		cancel(gone)
		_, err := tx.insert(&lastcall.Submission{Type: "begun"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wantTypes(t, s, map[string]int{"begun": 1})
}

// Close answers what came before it, and what comes later is told so.
func TestCloseAnswersEveryCall(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "store.db"))
	release := stall(t, s)
	answers := make(chan error, 50)
	for range cap(answers) {
		go func() { // ends with its answer
			_, err := s.Submit(t.Context(), submission("a"))
			answers <- err
		}()
	}
	waitQueued(t, s, cap(answers))
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }() // ends when everything is answered
	<-s.writer.closing
	release()
	for range cap(answers) {
		if err := <-answers; err != nil {
			t.Errorf("a call from before the close got %v", err)
		}
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	_, err := s.Submit(t.Context(), submission("late"))
	wantCode(t, err, lastcall.CodeStoreUnavailable)
	_, err = s.Queues(t.Context())
	wantCode(t, err, lastcall.CodeStoreUnavailable)
	wantCode(t, s.Watch(t.Context(), func([]lastcall.Hint) {}), lastcall.CodeStoreUnavailable)
}

// Watch ends with the store.
func TestCloseEndsAWatch(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "store.db"))
	returned := make(chan error, 1)
	go func() { returned <- s.Watch(t.Context(), func([]lastcall.Hint) {}) }() // ends with the store
	eventually(t, "it watches", s.writer.watchers.Any)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-returned, lastcall.CodeStoreUnavailable)
}
