package storetest

import (
	"time"

	"github.com/lastcall-dev/lastcall"
)

// wantQueues compares the counts, queue by queue, in the order of names. A queue in which nothing is left may be listed
// or not.
func (f *fixture) wantQueues(want ...lastcall.Queue) {
	f.Helper()
	all, err := f.store.Queues(f.ctx)
	f.must(err)
	var got []lastcall.Queue
	for _, q := range all {
		if q.Queued == 0 && q.OldestQueued != 0 || q.OldestQueued < 0 {
			f.Fatalf("the oldest of %d tasks has waited %s", q.Queued, q.OldestQueued)
		}
		q.OldestQueued = 0
		if q != (lastcall.Queue{Name: q.Name}) {
			got = append(got, q)
		}
	}
	if len(got) != len(want) {
		f.Fatalf("the queues are %+v, want %+v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			f.Fatalf("the queues are %+v, want %+v", got, want)
		}
	}
}

func queuesCount(f *fixture) {
	f.wantQueues()
	n := f.node()
	f.submitMany(3, lastcall.Submission{Type: "a", Queue: "b"})
	f.submitMany(2, lastcall.Submission{Type: "a", Queue: "a", Delay: time.Hour})
	t := f.submitOne(lastcall.Submission{Type: "z", Queue: "ä"})
	f.wantQueues(lastcall.Queue{Name: "a", Scheduled: 2}, lastcall.Queue{Name: "b", Queued: 3}, lastcall.Queue{Name: "ä", Queued: 1})
	run := n.claim(2, "a")
	n.start("z")
	f.wantQueues(lastcall.Queue{Name: "a", Scheduled: 2}, lastcall.Queue{Name: "b", Queued: 1, Running: 2}, lastcall.Queue{Name: "ä", Running: 1})
	f.cancel(t.ID)
	o := fail(run[0], "x")
	o.Wait = time.Hour
	n.settle(o)
	n.settle(release(run[1]))
	f.wantQueues(lastcall.Queue{Name: "a", Scheduled: 2}, lastcall.Queue{Name: "b", Queued: 2, Scheduled: 1}, lastcall.Queue{Name: "ä", Running: 1})
	for _, t := range f.list(lastcall.Filter{}) {
		f.cancel(t.ID)
	}
	n.settle(lastcall.Outcome{Task: t.ID, Run: 1, Verdict: lastcall.Fail})
	f.wantQueues()
}

func queuesAge(f *fixture) {
	first := f.submitOne(lastcall.Submission{Type: "a", Queue: "q"})
	f.submitOne(lastcall.Submission{Type: "a", Queue: "q", Priority: 100})
	f.submitOne(lastcall.Submission{Type: "a", Queue: "q", Delay: time.Hour})
	const age = 30 * time.Millisecond
	f.clockPasses(age)
	before := f.submitOne(lastcall.Submission{Type: "clock", Queue: "z"}).CreatedAt
	all, err := f.store.Queues(f.ctx)
	f.must(err)
	after := f.submitOne(lastcall.Submission{Type: "clock", Queue: "z"}).CreatedAt
	for _, q := range all {
		if q.Name == "q" && (q.OldestQueued < before.Sub(first.RunAt) || q.OldestQueued > after.Sub(first.RunAt)) {
			f.Fatalf("the oldest has waited %s, want between %s and %s", q.OldestQueued, before.Sub(first.RunAt), after.Sub(first.RunAt))
		}
	}
}
