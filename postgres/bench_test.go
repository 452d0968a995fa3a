package postgres

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

// slots is how many runs a benchmark has at a time, as a node does whose handlers wait for something else.
const slots = 1000

// benchURL is a database for a benchmark.
var benchURL = func(b *testing.B) string {
	b.Helper()
	name := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(b.Name()))
	return pg.Shared(b).Create(b, fmt.Sprintf("%s_%d", name, b.N))
}

// benchStore opens a store that is closed at the end, and counts its commits.
func benchStore(b *testing.B) (s *Store, commits *atomic.Int64) {
	b.Helper()
	commits = &atomic.Int64{}
	s, err := Open(b.Context(), benchURL(b), Options{
		Logger: quiet(), Committed: func(int, time.Duration) { commits.Add(1) },
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s, commits
}

// measured resets the timer; what it returns reports what happened since then, the processor's time of this side too.
func measured(b *testing.B, commits *atomic.Int64) (report func()) {
	b.Helper()
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	b.ReportAllocs()
	before, first := used(), commits.Load()
	b.ResetTimer()
	return func() {
		b.StopTimer()
		b.ReportMetric(float64((used()-before).Microseconds())/float64(b.N), "cpu-µs/op")
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tasks/s")
		b.ReportMetric(float64(b.N)/float64(max(commits.Load()-first, 1)), "tasks/commit")
	}
}

var benchInput = []byte(`{"order":"A-1042","pages":7,"format":"pdf","to":"alice@example.org"}`)

// submissionOf is a task of one of so many clients, by turns.
func submissionOf(typ string, i, clients int) lastcall.Submission {
	return lastcall.Submission{Type: typ, Client: "client " + strconv.Itoa(i%clients), Input: benchInput}
}

// fill submits n tasks of a type.
func fill(tb testing.TB, s *Store, typ string, n, clients int) {
	tb.Helper()
	for at := 0; at < n; {
		batch := make([]lastcall.Submission, min(n-at, 1000))
		for i := range batch {
			batch[i] = submissionOf(typ, at+i, clients)
		}
		if _, err := s.Submit(tb.Context(), batch); err != nil {
			tb.Fatal(err)
		}
		at += len(batch)
	}
}

// BenchmarkSubmit is durable submits, one task each, by some callers at a time.
func BenchmarkSubmit(b *testing.B) {
	for _, callers := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s, commits := benchStore(b)
			var left atomic.Int64
			left.Store(int64(b.N))
			report := measured(b, commits)
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					for i := left.Add(-1); i >= 0; i = left.Add(-1) {
						if _, err := s.Submit(b.Context(), []lastcall.Submission{submissionOf("render", int(i), 500)}); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			report()
		})
	}
}

// BenchmarkWork works off tasks that do nothing, as a node does: claims refill what has become free, and each task is
// settled by its own goroutine, with result and event.
func BenchmarkWork(b *testing.B) {
	for _, clients := range []int{1, 500} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			s, commits := benchStore(b)
			fill(b, s, "render", b.N, clients)
			workOff(b, s, commits)
		})
	}
}

// BenchmarkBacklog is the same while many tasks of another type wait, and many of the same: the time must not depend on
// how many.
func BenchmarkBacklog(b *testing.B) {
	for _, backlog := range []int{1_000, 1_000_000} {
		b.Run(strconv.Itoa(backlog), func(b *testing.B) {
			s, commits := benchStore(b)
			fill(b, s, "other", backlog/2, 500)
			fill(b, s, "render", b.N+backlog/2, 500)
			workOff(b, s, commits)
		})
	}
}

// workOff works off b.N tasks.
func workOff(b *testing.B, s *Store, commits *atomic.Int64) {
	b.Helper()
	incarnation, err := s.Join(b.Context(), lastcall.NodeInfo{Name: "bench", Lease: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	report := measured(b, commits)
	freed := make(chan struct{}, slots)
	var wg sync.WaitGroup
	for free, left := slots, b.N; left > 0; {
		tasks, err := s.Claim(b.Context(), lastcall.Claim{
			Incarnation: incarnation, Node: "bench", Max: min(free, left), Want: []lastcall.Want{{Type: "render", Max: min(free, left)}},
		})
		if err != nil || len(tasks) == 0 {
			b.Errorf("claimed %d tasks of %d that are left: %v", len(tasks), left, err)
			break
		}
		left -= len(tasks)
		free -= len(tasks)
		for _, t := range tasks {
			wg.Go(func() {
				o := lastcall.Outcome{Task: t.ID, Run: t.Run, Verdict: lastcall.Succeed, Output: []byte(`{"ok":true}`)}
				if _, err := s.Settle(b.Context(), o); err != nil {
					b.Error(err)
				}
				freed <- struct{}{}
			})
		}
		free += await(freed, free)
	}
	wg.Wait()
	report()
}

// await waits until a slot is free, if none is, and counts those that have become free.
func await(freed <-chan struct{}, free int) (n int) {
	if free == 0 {
		<-freed
		n++
	}
	for {
		select {
		case <-freed:
			n++
		default:
			return n
		}
	}
}
