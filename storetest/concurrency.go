package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// storm lets submitters, workers, cancelers, sweepers and nodes that come and go, on two handles, loose on each other until every task is done,
// and then audits the books: each task ended once, its counts add up, and each mailbox tells its story without a gap (G2
// to G5).
func storm(f *fixture) {
	const submitters, each = 4, 30
	var submitted atomic.Int64
	nodes := []*node{f.node(), f.join(f.handle(), "node-b", longLease)}
	f.together(submitters+6, func(i int) error {
		n := nodes[i%2]
		dice := rand.New(rand.NewPCG(uint64(i), 7))
		all := func() bool { return submitted.Load() == submitters*each }
		switch {
		case i < submitters:
			return n.submitStorm(i, each, dice, &submitted)
		case i == submitters:
			return n.until(all, n.sweepOnce)
		case i == submitters+1:
			return n.comeAndGo(15)
		default:
			return n.until(all, func() error { return n.workOnce(dice) })
		}
	})
	f.audit(submitters * each)
}

// submitStorm submits tasks one by one, and cancels some of them.
func (n *node) submitStorm(i, tasks int, dice *rand.Rand, submitted *atomic.Int64) error {
	for range tasks {
		answer, err := n.store.Submit(n.f.ctx, []lastcall.Submission{{Type: "a", Client: fmt.Sprint("client ", i%3), MaxAttempts: 50}})
		submitted.Add(1) // even if it failed, lest the others wait for ever
		if err != nil {
			return err
		}
		if dice.IntN(5) == 0 {
			if _, err := n.store.Cancel(n.f.ctx, answer[0].Task.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// until repeats work until all tasks are submitted and none is left to be done.
func (n *node) until(all func() bool, work func() error) error {
	for deadline := time.Now().Add(6 * n.f.patience); time.Now().Before(deadline); {
		submitted := all()
		if err := work(); err != nil {
			return err
		}
		queues, err := n.store.Queues(n.f.ctx)
		if err != nil {
			return err
		}
		left := slices.ContainsFunc(queues, func(q lastcall.Queue) bool { return q.Queued+q.Scheduled+q.Running > 0 })
		if submitted && !left {
			return nil
		}
	}
	return errNoEnd
}

var errNoEnd = errors.New("what should have come to an end by itself did not")

func (n *node) sweepOnce() error {
	_, err := n.store.Sweep(n.f.ctx, lastcall.Sweep{
		Incarnation: n.incarnation, MaxCrashes: 3, KeepTasks: time.Hour, KeepEvents: time.Hour, Limit: 5,
	})
	return err
}

// comeAndGo joins again and again as another incarnation, claims, and leaves with all that it has claimed.
func (n *node) comeAndGo(times int) error {
	for range times {
		incarnation, err := n.store.Join(n.f.ctx, lastcall.NodeInfo{Name: "restless", Lease: longLease})
		if err != nil {
			return err
		}
		_, err = n.store.Claim(n.f.ctx, lastcall.Claim{Incarnation: incarnation, Max: 2, Want: []lastcall.Want{{Type: "a", Max: 2}}})
		if err != nil {
			return err
		}
		if err := n.store.Leave(n.f.ctx, incarnation); err != nil {
			return err
		}
	}
	return nil
}

// workOnce claims and settles at random, and tells each outcome twice, as if its answer had been lost.
func (n *node) workOnce(dice *rand.Rand) error {
	got, err := n.store.Claim(n.f.ctx, lastcall.Claim{Incarnation: n.incarnation, Max: 3, Want: []lastcall.Want{{Type: "a", Max: 3}}})
	if err != nil {
		return err
	}
	for _, t := range got {
		o := []lastcall.Outcome{succeed(t, "1"), succeed(t, "2"), fail(t, "x"), release(t)}[dice.IntN(4)]
		if _, err := n.store.Settle(n.f.ctx, o); err != nil {
			return err
		}
		if _, err := n.store.Settle(n.f.ctx, o); err != nil && lastcall.CodeOf(err) != lastcall.CodeLeaseLost {
			return err
		}
	}
	return nil
}

// audit reads all tasks and all mailboxes and holds them against each other.
func (f *fixture) audit(tasks int) {
	f.Helper()
	all := f.list(lastcall.Filter{})
	if len(all) != tasks {
		f.Fatalf("%d tasks are there, want %d", len(all), tasks)
	}
	story := map[string][]lastcall.Event{}
	for i := range 3 {
		for _, e := range f.events(fmt.Sprint("client ", i)) {
			story[e.Task] = append(story[e.Task], e)
		}
	}
	for _, t := range all {
		f.auditTask(t, story[t.ID])
	}
}

// auditTask holds a task against what its client was told: one end, the last thing that is told; each run cut off, told
// once, in the order of runs; and counts that say the same.
func (f *fixture) auditTask(t lastcall.Task, events []lastcall.Event) {
	f.Helper()
	run, retried, cut, ended := int64(0), 0, 0, 0
	for _, e := range events {
		byARun := true
		switch e.Type {
		case lastcall.TaskRetrying:
			retried++
		case lastcall.TaskInterrupted:
			cut++
		default:
			ended++
			byARun = e.Run > run
		}
		if (byARun && e.Run <= run) || ended > 1 || (ended == 1) != e.Type.Terminal() {
			f.Fatalf("the story of %s is %+v", t.ID, events)
		}
		run = e.Run
	}
	last := t.Attempt - retried // 1 if it ended from a run, 0 if it was waiting
	if ended != 1 || string(events[len(events)-1].Type) != "task."+string(t.Status) || run != t.Run || cut != t.Interruptions ||
		last < 0 || last > 1 || t.Run != int64(retried+cut+last) {
		f.Fatalf("%s ended as %+v, and its story is %+v", t.ID, t, events)
	}
}

// A call that is canceled before or while it is made has either done everything, and says so, or nothing.
func canceledCalls(f *fixture) {
	const callers, batch = 40, 20
	ended, cancel := context.WithCancel(f.ctx)
	cancel()
	if answer, err := f.store.Submit(ended, []lastcall.Submission{{Type: "a", Client: "ended"}}); err != nil {
		f.wantIDs(f.list(lastcall.Filter{Client: "ended"}))
	} else {
		f.wantIDs(f.list(lastcall.Filter{Client: "ended"}), answer[0].Task)
	}
	errs := make([]error, callers)
	f.together(callers, func(i int) error {
		ctx, cancel := context.WithTimeout(f.ctx, time.Duration(i)*100*time.Microsecond)
		defer cancel()
		all := slices.Repeat([]lastcall.Submission{{Type: "a", Client: fmt.Sprint("c", i)}}, batch)
		_, errs[i] = f.store.Submit(ctx, all)
		return nil
	})
	for i, err := range errs {
		want := batch
		if err != nil {
			want = 0
		}
		got := len(f.list(lastcall.Filter{Client: fmt.Sprint("c", i)}))
		unknown := lastcall.CodeOf(err) == lastcall.CodeStoreUnavailable && got == batch
		if got != want && !unknown {
			f.Fatalf("a submit of %d tasks that returned %v wrote %d", batch, err, got)
		}
	}
}

// closeLeavesNothing opens handles, uses them, closes them, and counts the goroutines. Nothing else runs meanwhile.
func closeLeavesNothing(f *fixture) {
	before := runtime.NumGoroutine()
	for range 3 {
		h := f.handle()
		n := f.join(h, "short", longLease)
		ctx, cancel := context.WithCancel(f.ctx)
		returned := make(chan error, 1)
		go func() { returned <- h.Watch(ctx, func([]lastcall.Hint) {}) }() // ended by cancel, waited for below
		f.together(8, func(int) error {
			_, err := h.Submit(f.ctx, []lastcall.Submission{{Type: "a"}})
			return err
		})
		n.claim(3, "a")
		f.must(h.Leave(f.ctx, n.incarnation))
		cancel()
		<-returned
		f.must(h.Close())
	}
	f.eventually("the goroutines of the closed handles were gone", func() bool { return runtime.NumGoroutine() <= before })
}
