package sqlite

import (
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// callers is how many call at a time, as connections do.
const callers = 64

// benchStore opens a store that is closed at the end.
func benchStore(b *testing.B) *Store {
	b.Helper()
	s := openAt(b, filepath.Join(b.TempDir(), "bench.db"))
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// atOnce runs fn b.N times, by as many goroutines as there are callers.
func atOnce(b *testing.B, fn func() error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := fn(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

var benchInput = []byte(`{"order":"A-1042","pages":7,"format":"pdf","to":"alice@example.org"}`)

func submission(typ string) []lastcall.Submission { return []lastcall.Submission{oneOf(typ)} }

func oneOf(typ string) lastcall.Submission {
	return lastcall.Submission{Type: typ, Client: "alice", Input: benchInput}
}

// BenchmarkSubmit is durable submits, one task each, by 64 callers at a time.
func BenchmarkSubmit(b *testing.B) {
	s := benchStore(b)
	before := s.writer.commits.Load()
	b.ReportAllocs()
	b.ResetTimer()
	atOnce(b, func() error {
		_, err := s.Submit(b.Context(), submission("render"))
		return err
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submits/s")
	b.ReportMetric(float64(b.N)/float64(s.writer.commits.Load()-before), "submits/commit")
}

// BenchmarkClaimSettle works tasks off: claimed by eight at a time and settled one by one, with result and event.
func BenchmarkClaimSettle(b *testing.B) {
	s := benchStore(b)
	fill(b, s, "render", b.N)
	incarnation, err := s.Join(b.Context(), lastcall.NodeInfo{Name: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for left.Load() > 0 {
				n, err := workOff(b, s, incarnation, 8)
				if err != nil {
					b.Error(err)
					return
				}
				left.Add(-int64(n))
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
}

// workOff claims up to n tasks and settles them.
func workOff(b *testing.B, s *Store, incarnation string, n int) (int, error) {
	b.Helper()
	tasks, err := s.Claim(b.Context(), lastcall.Claim{
		Incarnation: incarnation, Node: "bench", Max: n, Want: []lastcall.Want{{Type: "render", Max: n}},
	})
	if err != nil {
		return 0, err
	}
	for _, t := range tasks {
		o := lastcall.Outcome{Task: t.ID, Run: t.Run, Verdict: lastcall.Succeed, Output: []byte(`{"ok":true}`)}
		if _, err := s.Settle(b.Context(), o); err != nil {
			return 0, err
		}
	}
	return len(tasks), nil
}

// fill submits n tasks of a type.
func fill(tb testing.TB, s *Store, typ string, n int) {
	tb.Helper()
	for n > 0 {
		batch := make([]lastcall.Submission, min(n, 1000))
		for i := range batch {
			batch[i] = oneOf(typ)
		}
		if _, err := s.Submit(tb.Context(), batch); err != nil {
			tb.Fatal(err)
		}
		n -= len(batch)
	}
}

// BenchmarkBacklog is claims and settles of one type while many tasks of another wait, and of its own: the time must
// not depend on how many.
func BenchmarkBacklog(b *testing.B) {
	for _, backlog := range []int{1_000, 1_000_000} {
		b.Run(strconv.Itoa(backlog), func(b *testing.B) {
			s := benchStore(b)
			fill(b, s, "other", backlog)
			fill(b, s, "render", b.N+1000)
			incarnation, err := s.Join(b.Context(), lastcall.NodeInfo{Name: "bench"})
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			atOnce(b, func() error {
				_, err := workOff(b, s, incarnation, 1)
				return err
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
		})
	}
}
