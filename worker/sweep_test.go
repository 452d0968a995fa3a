package worker_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// G9: what a dead node ran has its place in the queue again before a restarted one, which may be the only one, takes on
// what was submitted later.
func TestNothingIsClaimedBeforeAllWasSweptThatTheDeadHaveLeft(t *testing.T) {
	store := newFakeStore()
	store.more = 2 // 500 rows do not hold it all
	var tries, early atomic.Int64
	store.before = func(call string) error {
		switch {
		case call == "sweep":
			first := tries.Add(1) == 1
			time.Sleep(500 * time.Millisecond)
			if first {
				return errAway() // busy for a moment
			}
		case call == "claim" && tries.Load() < 4:
			early.Add(1)
		}
		return nil
	}
	inShopOn(t, store, types(kind("a", ready)), func(s *shop) {
		id := s.store.add(1, "a")[0]
		s.pass(1900 * time.Millisecond)
		s.wants(id, lastcall.Queued)
		s.pass(300 * time.Millisecond)
		s.wants(id, lastcall.Succeeded)
		if n := early.Load(); n > 0 {
			t.Errorf("%d claims before the fourth sweep, the first that left nothing over", n)
		}
		s.pass(time.Minute)
		if n := len(s.store.sweeps); n < 40 {
			t.Errorf("%d sweeps in a minute: it is not only at the start that something falls due", n)
		}
	})
}

func TestAStoreThatDoesNotSweepPutsTheFirstClaimOffForSecondsOnly(t *testing.T) {
	store := newFakeStore()
	store.hung = "sweep"
	inShopOn(t, store, types(kind("a", ready)), func(s *shop) {
		id := s.store.add(1, "a")[0]
		s.pass(2 * time.Second)
		s.wants(id, lastcall.Queued)
		s.pass(2 * time.Second)
		s.wants(id, lastcall.Succeeded)
	})
}

// A hold that protects the dead keeps back what is due as well: it takes an outage to begin one.
func TestACallThatFailsBetweenOthersDoesNotStopTheSweeps(t *testing.T) {
	for _, call := range []string{"save", "beat", "sweep", "claim"} {
		t.Run(call, func(t *testing.T) {
			inShop(t, types(kind("a", chats)), func(s *shop) {
				s.store.add(1, "a")
				s.pass(time.Second)
				var calls atomic.Int64
				s.store.before = func(c string) error {
					if c == call && calls.Add(1)%3 == 0 {
						return errAway()
					}
					return nil
				}
				before := len(s.store.sweeps)
				s.pass(time.Minute)
				if calls.Load() < 3 {
					t.Fatal("none failed")
				}
				if n := len(s.store.sweeps) - before; n < 24 {
					t.Errorf("%d sweeps in a minute", n)
				}
			})
		})
	}
}

// The two seconds between beats and what is left of a lease after them: so long an outage must be to kill anybody, and
// a store that hangs looks like one that fails.
func TestAnOutageIsOneWhetherCallsFailOrHang(t *testing.T) {
	for name, takes := range map[string]time.Duration{"fail": 0, "hang": 3 * time.Second} {
		t.Run(name, func(t *testing.T) {
			inShop(t, types(kind("a", ready)), func(s *shop) {
				s.pass(10 * time.Second)
				back := time.Now().Add(4 * time.Second)
				s.store.before = func(string) error {
					if time.Now().After(back) {
						return nil
					}
					time.Sleep(takes)
					return errAway()
				}
				s.pass(8 * time.Second)
				swept := len(s.store.sweeps)
				s.pass(time.Second)
				if len(s.store.sweeps) != swept || s.store.sweeps[swept-1].After(back) {
					t.Error("swept within a lease length")
				}
			})
		})
	}
}

// What is due is so by the store's clock. Whatever a node's own says, it sweeps on the dot, and not all the time before.
func TestANodeWhoseClockIsWrongSweepsWhenTheStoreSaysSo(t *testing.T) {
	for _, clock := range []time.Duration{-time.Hour, -5 * time.Second, 0, 5 * time.Second, time.Hour} {
		for _, told := range []bool{true, false} {
			t.Run(fmt.Sprintf("by %s, told %t", clock, told), func(t *testing.T) {
				store := newFakeStore()
				store.clock = clock
				inShopOn(t, store, types(kind("a", ready)), func(s *shop) {
					s.pass(5 * time.Second)
					due := time.Now().Add(clock + 4*time.Second + 321*time.Millisecond)
					before := len(s.store.sweeps)
					id := s.store.add(1, "a", func(sub *lastcall.Submission) { sub.RunAt = due })[0]
					s.store.mu.Lock()
					s.store.tasks[id].Status, s.store.queued["a"] = lastcall.Scheduled, nil
					s.store.tasks[id].RunAt = due // though it be past by the node's clock
					s.store.mu.Unlock()
					if told {
						s.store.tell(lastcall.Hint{Task: id, Due: due})
					}
					s.pass(4*time.Second + 320*time.Millisecond)
					s.wants(id, lastcall.Scheduled)
					if n := len(s.store.sweeps) - before; n > 9 {
						t.Errorf("%d sweeps before it was due", n)
					}
					s.pass(30 * time.Millisecond)
					s.wants(id, lastcall.Succeeded)
				})
			})
		}
	}
}
