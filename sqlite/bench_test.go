package sqlite

import (
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// callers is how many work tasks off at a time, as the slots of a node do.
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

// atOnce runs fn b.N times, by so many goroutines.
func atOnce(b *testing.B, callers int, fn func() error) {
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

// processor starts measuring the processor's time, which tells more than the clock does on a machine that is not alone;
// what it returns reports it.
func processor(b *testing.B) (report func()) {
	b.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before := used()
	return func() {
		b.ReportMetric(float64((used()-before).Microseconds())/float64(b.N), "cpu-µs/op")
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
	}
}

var benchInput = []byte(`{"order":"A-1042","pages":7,"format":"pdf","to":"alice@example.org"}`)

func submission(typ string) []lastcall.Submission { return []lastcall.Submission{oneOf(typ)} }

func oneOf(typ string) lastcall.Submission {
	return lastcall.Submission{Type: typ, Client: "alice", Input: benchInput}
}

// BenchmarkSubmit is durable submits, one task each, by some callers at a time.
func BenchmarkSubmit(b *testing.B) {
	for _, callers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := benchStore(b)
			before := s.writer.commits.Load()
			b.ReportAllocs()
			b.ResetTimer()
			report := processor(b)
			atOnce(b, callers, func() error {
				_, err := s.Submit(b.Context(), submission("render"))
				return err
			})
			report()
			b.ReportMetric(float64(b.N)/float64(s.writer.commits.Load()-before), "tasks/commit")
		})
	}
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
	report := processor(b)
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
	report()
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
			report := processor(b)
			atOnce(b, callers, func() error {
				_, err := workOff(b, s, incarnation, 1)
				return err
			})
			report()
		})
	}
}
