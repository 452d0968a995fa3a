package sqlite

import (
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

// BenchmarkSibling is what a submit takes beside another process that writes to the same file as fast as it can, and
// alone: 8 callers in each, for some seconds.
//
//	go test ./sqlite -run - -bench Sibling -benchtime 1x
func BenchmarkSibling(b *testing.B) {
	const long = 5 * time.Second
	for b.Loop() {
		path := filepath.Join(b.TempDir(), "store.db")
		s := openAt(b, path)
		join(b, s, "bench")
		report(b, s.latencies(b, long), long, "alone")

		busy := startChild(b, path)
		said := map[string][]string{}
		busy.read(b, 100, said) // from here on it is busy
		var reader sync.WaitGroup
		reader.Go(func() { busy.read(b, -1, said) })
		began := time.Now()
		beside := s.latencies(b, long)
		took := time.Since(began)
		if err := busy.stdin.Close(); err != nil {
			b.Fatal(err)
		}
		reader.Wait()
		if err := busy.cmd.Wait(); err != nil {
			b.Fatal(err)
		}
		report(b, beside, long, "beside")
		b.ReportMetric(float64(len(said["submitted"])+len(said["settled"]))/took.Seconds(), "sibling-writes/s")
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// latencies are those of submits by 8 callers, one after the other each, in order of their length.
func (s *Store) latencies(b *testing.B, long time.Duration) (all []time.Duration) {
	b.Helper()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		until = time.Now().Add(long)
	)
	for range 8 {
		wg.Go(func() {
			var own []time.Duration
			for began := time.Now(); began.Before(until); began = time.Now() {
				if _, err := s.Submit(b.Context(), submission("other")); err != nil {
					b.Error(err)
					return
				}
				own = append(own, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, own...)
		})
	}
	wg.Wait()
	slices.Sort(all)
	return all
}

func report(b *testing.B, took []time.Duration, long time.Duration, where string) {
	b.Helper()
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(took[len(took)/2]), where+"-p50-ms")
	b.ReportMetric(ms(took[len(took)*99/100]), where+"-p99-ms")
	b.ReportMetric(ms(took[len(took)-1]), where+"-max-ms")
	b.ReportMetric(float64(len(took))/long.Seconds(), where+"-submits/s")
}
