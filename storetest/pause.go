package storetest

import (
	"time"

	"github.com/lastcall-dev/lastcall"
)

// pause pauses or resumes a queue on a handle, and compares the answer.
func (f *fixture) pause(s lastcall.Store, want lastcall.Queue) {
	f.Helper()
	got, err := s.PauseQueue(f.ctx, want.Name, want.Paused)
	f.must(err)
	if (got.Queued > 0) != (got.OldestQueued > 0) {
		f.Fatalf("the oldest of %d tasks has waited %s", got.Queued, got.OldestQueued)
	}
	got.OldestQueued = 0
	if got != want {
		f.Fatalf("the queue became %+v, want %+v", got, want)
	}
}

// What waits in a paused queue is for nobody, on any node; what waits elsewhere is not kept by it.
func pauseKeepsFromClaims(f *fixture) {
	n, other := f.node(), f.mortal()
	held := f.submitOne(lastcall.Submission{Type: "a", Queue: "slow", Priority: 100})
	free := f.submitOne(lastcall.Submission{Type: "a", Queue: "fast"})
	f.clockPasses(time.Millisecond)
	f.pause(f.store, lastcall.Queue{Name: "slow", Paused: true, Queued: 1})
	f.pause(f.store, lastcall.Queue{Name: "slow", Paused: true, Queued: 1}) // again is no error
	f.wantIDs(n.claim(5, "a"), free)
	f.wantIDs(other.claim(5, "a"))
	f.pause(other.store, lastcall.Queue{Name: "slow", Queued: 1})
	f.wantIDs(n.claim(5, "a"), held)
	f.pause(other.store, lastcall.Queue{Name: "slow", Running: 1})
}

// A pause stops the starts and nothing else.
func pauseLetsTheRestGoOn(f *fixture) {
	n := f.node()
	done, given := n.run(lastcall.Submission{Type: "a", Queue: "q"}), n.run(lastcall.Submission{Type: "a", Queue: "q"})
	f.pause(f.store, lastcall.Queue{Name: "q", Paused: true, Running: 2})
	if got := n.settle(succeed(done, "1")); got.Status != lastcall.Succeeded {
		f.Fatalf("a success in a paused queue is stored as %+v", got)
	}
	n.settle(release(given))
	f.submitOne(lastcall.Submission{Type: "a", Queue: "q", Delay: 10 * time.Millisecond})
	expiring := f.submitOne(lastcall.Submission{Type: "a", Queue: "q", ExpiresIn: time.Millisecond})
	f.eventually("what is due was queued and what is late has expired", func() bool {
		f.sweep()
		counts, err := f.store.Queues(f.ctx)
		f.must(err)
		counts[0].OldestQueued = 0
		return counts[0] == lastcall.Queue{Name: "q", Paused: true, Queued: 2}
	})
	f.wantStatus(expiring.ID, lastcall.Expired)
	f.cancel(given.ID)
	f.wantIDs(n.claim(5, "a"))
	f.wantQueues(lastcall.Queue{Name: "q", Paused: true, Queued: 1})
}

func pauseBeforeTheFirstTask(f *fixture) {
	h := f.handle()
	f.pause(h, lastcall.Queue{Name: "日本", Paused: true})
	f.pause(h, lastcall.Queue{Name: "never paused"})
	f.must(h.Close())
	f.wantQueues(lastcall.Queue{Name: "日本", Paused: true})
	f.sweepWith(lastcall.Sweep{KeepTasks: time.Microsecond, KeepEvents: time.Microsecond})
	n := f.mortal()
	t := f.submitOne(lastcall.Submission{Type: "a", Queue: "日本"})
	f.wantIDs(n.claim(1, "a"))
	f.pause(f.store, lastcall.Queue{Name: "日本", Queued: 1})
	f.wantIDs(n.claim(1, "a"), t)
}
