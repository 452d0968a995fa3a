package sqlite

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// finished is how many tasks BenchmarkHistory puts behind a store; 10 million take some minutes and 3 GB:
//
//	go test ./sqlite -run - -bench History -benchtime 1x -timeout 30m -finished 10000000
var finished = flag.Int("finished", 200_000, "finished tasks of BenchmarkHistory")

const (
	historyRounds = 7               // each measures both stores, so that a busy minute of the machine meets both
	historyRound  = 2 * time.Second // of submits; then all are worked off
)

// BenchmarkHistory works tasks off beside many that are finished and beside none, by turns, then beside many while they
// are forgotten. It reports the first by the second, of which 1 is best, and what retention costs meanwhile.
func BenchmarkHistory(b *testing.B) {
	for b.Loop() {
		none, many := newHistory(b, 0), newHistory(b, *finished)
		var rates [2][2][]float64
		for range historyRounds {
			for i, h := range []*history{none, many} {
				submits, works := h.round(b)
				rates[i][0], rates[i][1] = append(rates[i][0], submits), append(rates[i][1], works)
			}
		}
		for i, what := range []string{"submits", "works"} {
			bare, full := median(rates[0][i]), median(rates[1][i])
			b.ReportMetric(bare, what+"-beside-none/s")
			b.ReportMetric(full, what+"-beside-many/s")
			b.ReportMetric(full/bare, what+"-ratio")
		}
		many.forgetting(b, median(rates[1][0]), median(rates[1][1]))
		none.close(b)
		many.close(b)
	}
}

// history is a store with a past.
type history struct {
	store *Store
	node  string
}

// newHistory fills a store with lean tasks that ended days ago, and their events.
func newHistory(b *testing.B, tasks int) *history {
	b.Helper()
	h := &history{store: openAt(b, filepath.Join(b.TempDir(), "history.db"))}
	h.node = join(b, h.store, "bench")
	const portion = 100_000
	began := time.Now()
	for at := 0; at < tasks; at += portion {
		rewrite(b, h.store, fmt.Sprintf(pastTasks, at, min(at+portion, tasks), now().Add(-10*24*time.Hour).UnixMilli()))
	}
	if tasks > 0 {
		rewrite(b, h.store, fmt.Sprintf("INSERT INTO mailboxes (client, epoch, head, used_at) VALUES ('past', 'E', %d, %d)",
			tasks, now().UnixMicro()))
		st, err := os.Stat(h.store.path)
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("%d finished tasks in %d MB, made in %s", tasks, st.Size()>>20, time.Since(began).Round(time.Second))
	}
	return h
}

// pastTasks makes tasks from one number up to another, a millisecond apart, each with its event. Ids sort by the time, as
// those that a store gives do.
const pastTasks = `
WITH RECURSIVE n(i) AS (SELECT %[1]d UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %[2]d)
INSERT INTO tasks (id, status, type, queue, client, created_at, run_at, order_key, run, attempt, max_attempts, started_at,
  finished_at, node, last_outcome, input, output, last_event)
SELECT unhex(printf('%%012x70008%%015x', %[3]d + i / 1000, i)), 3, 'render', 'default', 'past', (%[3]d + i / 1000) * 1000,
  (%[3]d + i / 1000) * 1000, (%[3]d + i / 1000) * 1000, 1, 1, 5, (%[3]d + i / 1000) * 1000, (%[3]d + i / 1000) * 1000, 'node',
  'succeed:0123456789abcdef', x'7b7d', x'6e756c6c', i + 1 FROM n;
WITH RECURSIVE n(i) AS (SELECT %[1]d UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %[2]d)
INSERT INTO events (mailbox, seq, id, type, task, run, attempt, at, data, prev)
SELECT 1, i + 1, randomblob(16), 0, unhex(printf('%%012x70008%%015x', %[3]d + i / 1000, i)), 1, 1, (%[3]d + i / 1000) * 1000,
  x'7b7d', 0 FROM n;`

func (h *history) close(b *testing.B) {
	b.Helper()
	if err := h.store.Close(); err != nil {
		b.Fatal(err)
	}
}

// round measures submits, then claims with settles, by their number a second.
func (h *history) round(b *testing.B) (submits, works float64) {
	b.Helper()
	submits = h.rate(b, historyRound, func() (int, error) {
		_, err := h.store.Submit(b.Context(), submission("render"))
		return 1, err
	})
	works = h.rate(b, time.Minute, func() (int, error) { return workOff(b, h.store, h.node, 8) }) // until none is left
	return submits, works
}

// rate is how much fn does a second when it is called by many at a time, or until there is nothing left to do.
func (h *history) rate(b *testing.B, d time.Duration, fn func() (int, error)) float64 {
	b.Helper()
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		sum   int
		began = time.Now()
	)
	for range callers {
		wg.Go(func() {
			done := 0
			for time.Since(began) < d {
				n, err := fn()
				if err != nil {
					b.Error(err)
				}
				if n == 0 || err != nil {
					break
				}
				done += n
			}
			mu.Lock()
			defer mu.Unlock()
			sum += done
		})
	}
	wg.Wait()
	return float64(sum) / time.Since(began).Seconds()
}

// forgetting measures a round while sweeps forget what is past its retention, one after the other as a node's sweeper
// does while there is more to do, and what the longest of them took.
func (h *history) forgetting(b *testing.B, submitsBefore, worksBefore float64) {
	b.Helper()
	var (
		took      []time.Duration
		forgotten int
		done      = make(chan struct{})
		wg        sync.WaitGroup
		before    = pages(b, h.store, "page_count")
	)
	wg.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			began := time.Now()
			did, err := h.store.Sweep(b.Context(), lastcall.Sweep{
				Incarnation: h.node, MaxCrashes: 3, KeepTasks: 7 * 24 * time.Hour, KeepEvents: 7 * 24 * time.Hour,
			})
			if err != nil {
				b.Error(err)
				return
			}
			took = append(took, time.Since(began))
			forgotten += did.Forgotten
			if !did.More {
				return
			}
		}
	})
	submits, works := h.round(b)
	close(done)
	wg.Wait()
	slices.Sort(took)
	b.ReportMetric(submits/submitsBefore, "submits-while-forgetting-ratio")
	b.ReportMetric(works/worksBefore, "works-while-forgetting-ratio")
	b.Logf("%d sweeps forgot %d tasks and events; one took %s at most, %s at the median",
		len(took), forgotten, took[len(took)-1], took[len(took)/2])
	b.Logf("%d pages are free, and the file grew by %d of %d",
		pages(b, h.store, "freelist_count"), pages(b, h.store, "page_count")-before, before)
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
