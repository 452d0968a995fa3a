package worker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

func TestTheLeaseIsRenewedThroughDrains(t *testing.T) {
	o := types(kind("a", lasts(time.Minute)))
	o.Phase = func() string { return "finish" }
	o.Connections = func() int { return 3 }
	inShop(t, o, func(s *shop) {
		s.wants(s.store.add(2, "a")[1], lastcall.Running)
		s.StopClaims()
		s.EarlyWord()
		s.pass(20 * time.Second)
		if n := len(s.store.beats); n != 11 {
			t.Errorf("%d beats in 20s, want 11, the first of them at once", n)
		}
		want := lastcall.Beat{Incarnation: "node-1", Phase: "finish", Running: 2, Connections: 3, Lease: 6 * time.Second}
		if got := s.store.beats[10]; got != want {
			t.Errorf("beat %+v, want %+v", got, want)
		}
		s.pass(time.Minute)
	})
}

// G3: a node whose lease is gone ends what it runs, settles none of it, and goes on as somebody new.
func TestALostLeaseEndsTheRunsAndTheNodeJoinsAnew(t *testing.T) {
	for name, call := range map[string]string{"told by a beat": "beat", "told by a claim": "claim"} {
		t.Run(name, func(t *testing.T) {
			var causes []error
			notes := func(ctx context.Context, r lastcall.Run) (string, error) {
				if r.Fence() > 1 {
					return "", nil
				}
				<-ctx.Done()
				causes = append(causes, context.Cause(ctx))
				return `"believe me"`, nil
			}
			o := types(kind("a", notes))
			if call == "claim" {
				o.Beat = time.Hour
			}
			inShop(t, o, func(s *shop) {
				id := s.store.add(1, "a")[0]
				s.wants(id, lastcall.Running)
				s.store.kill("node-1")
				s.pass(3 * time.Second)
				got := s.wants(id, lastcall.Succeeded)
				if got.Run != 2 || string(got.Output) != "null" {
					t.Errorf("got %+v", got)
				}
				if len(causes) != 1 || !errors.Is(causes[0], lastcall.ErrLeaseLost) {
					t.Errorf("causes %v", causes)
				}
				if s.Incarnation() != "node-2" {
					t.Errorf("it is %q", s.Incarnation())
				}
				if len(s.store.settle) != 1 {
					t.Errorf("%d settles, want 1", len(s.store.settle))
				}
			})
		})
	}
}

// G3: a claim whose answer comes when the lease is gone has brought nothing.
func TestTasksOfAClaimThatIsAnsweredAfterTheLeaseWasLostAreNotStarted(t *testing.T) {
	var fences []int64
	notes := func(_ context.Context, r lastcall.Run) (string, error) {
		fences = append(fences, r.Fence())
		return "", nil
	}
	inShop(t, types(kind("a", notes)), func(s *shop) {
		slow := true
		s.store.after = func(call string) error {
			if call == "claim" && slow {
				slow = false
				s.store.kill("node-1")
				time.Sleep(3 * time.Second) // the next beat tells
			}
			return nil
		}
		id := s.store.add(1, "a")[0]
		s.pass(5 * time.Second)
		s.wants(id, lastcall.Succeeded)
		if len(fences) != 1 || fences[0] != 2 {
			t.Errorf("runs %v were started, want only the second", fences)
		}
	})
}

func TestAHandlerThatIgnoresALostLeaseFreesItsSlotAndSettlesNothing(t *testing.T) {
	o := types(kind("a", deaf), kind("b", ready))
	o.Concurrency = 1
	inShop(t, o, func(s *shop) {
		s.store.add(1, "a")
		s.wait()
		s.store.mu.Lock()
		s.store.tasks["a-0"].Type = "gone" // to another node
		s.store.mu.Unlock()
		s.store.kill("node-1")
		id := s.store.add(1, "b")[0]
		s.pass(6 * time.Second)
		s.wants(id, lastcall.Queued)
		s.pass(2 * time.Second)
		s.wants(id, lastcall.Succeeded)
		if len(s.store.settle) != 1 {
			t.Errorf("%d settles, want only that of the second task", len(s.store.settle))
		}
	})
}

// An outage of the database must not look like everyone's death.
func TestAfterAnOutageNothingIsSweptForOneLeaseLength(t *testing.T) {
	inShop(t, types(kind("a", lasts(time.Minute))), func(s *shop) {
		if len(s.store.sweeps) != 1 {
			t.Errorf("%d sweeps at the start, want one at once: a restarted node takes its own back", len(s.store.sweeps))
		}
		id := s.store.add(1, "a")[0]
		s.pass(time.Second)
		back := time.Now().Add(20 * time.Second)
		s.store.before = func(string) error {
			if time.Now().Before(back) {
				return errAway()
			}
			return nil
		}
		s.pass(20 * time.Second)
		swept := len(s.store.sweeps)
		s.pass(6 * time.Second)
		if len(s.store.sweeps) != swept {
			t.Error("swept within a lease length")
		}
		s.pass(4 * time.Second)
		if len(s.store.sweeps) == swept {
			t.Error("never swept again")
		}
		s.wants(id, lastcall.Running) // it went on all the while
		s.pass(time.Minute)
		s.wants(id, lastcall.Succeeded)
	})
}

func TestASweepComesOnTheDotOfWhatIsDue(t *testing.T) {
	o := types(kind("a", ready))
	o.SweepEvery = time.Hour
	inShop(t, o, func(s *shop) {
		due := time.Now().Add(90 * time.Second)
		s.Moved([]lastcall.Hint{{Due: due}, {Due: due.Add(time.Minute)}})
		s.pass(2 * time.Minute)
		if n := len(s.store.sweeps); n != 2 || !s.store.sweeps[1].Equal(due) {
			t.Errorf("sweeps %v, want the second at %v", s.store.sweeps, due)
		}
	})
}

func TestAClockThatIsAheadOfTheStoresDoesNotMakeSweepsSpin(t *testing.T) {
	inShop(t, types(kind("a", ready)), func(s *shop) {
		s.store.mu.Lock()
		s.store.next = time.Now().Add(-time.Minute)
		s.store.mu.Unlock()
		s.pass(2 * time.Second)
		before := len(s.store.sweeps)
		s.pass(time.Second)
		if n := len(s.store.sweeps) - before; n > 101 {
			t.Errorf("%d sweeps in a second", n)
		}
	})
}

// The last word of a run is not lost to a saver that was too slow for it: the outcome carries it.
func TestTheOutcomeCarriesTheLastWord(t *testing.T) {
	done := func(_ context.Context, r lastcall.Run) (string, error) {
		r.Progress(50, "half")
		r.Progress(100, "all")
		return "", nil
	}
	inShop(t, types(kind("a", done)), func(s *shop) {
		id := s.store.add(1, "a")[0]
		s.wants(id, lastcall.Succeeded)
		if p := s.store.tasks[id].Progress; p == nil || p.Percent != 100 || p.Message != "all" {
			t.Errorf("the last word is %+v", p)
		}
	})
}
