package worker_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// G2: with handlers that take no time all of it is done in none: nothing waits for a poll.
func TestTenThousandTasksGoThroughSixtyFourSlotsWithoutWaitingForATimer(t *testing.T) {
	var now, most atomic.Int64
	busy := func(context.Context, lastcall.Run) (string, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		return "", nil
	}
	inShop(t, types(kind("a", busy)), func(s *shop) {
		start := time.Now()
		s.store.add(10_000, "a")
		s.wait()
		if got := s.store.statuses()[lastcall.Succeeded]; got != 10_000 || time.Since(start) != 0 {
			t.Errorf("%d of 10000 done after %v", got, time.Since(start))
		}
		if most.Load() > 64 {
			t.Errorf("%d at a time, want 64 at most", most.Load())
		}
		if s.Finished() != 10_000 || !s.Look().Idle() || !s.Look().Dry {
			t.Errorf("finished %d, look %+v", s.Finished(), s.Look())
		}
	})
}

func TestAFreedSlotIsRefilledAtOnce(t *testing.T) {
	o := types(kind("a", lasts(100*time.Millisecond)))
	o.Concurrency = 3
	inShop(t, o, func(s *shop) {
		start := time.Now()
		s.store.add(30, "a")
		s.pass(time.Second) // ten rounds of 100 ms
		if got := s.store.statuses()[lastcall.Succeeded]; got != 30 {
			t.Errorf("%d of 30 done after %v", got, time.Since(start))
		}
	})
}

func TestTheNextTaskDoesNotWaitForTheOutcomeOfTheLast(t *testing.T) {
	o := types(kind("a", ready), kind("long", deaf))
	o.Concurrency = 1
	inShop(t, o, func(s *shop) {
		s.store.before = func(call string) error {
			if call == "settle" {
				time.Sleep(time.Minute)
			}
			return nil
		}
		first := s.store.add(1, "a")[0]
		next := s.store.add(1, "long")[0]
		s.wants(first, lastcall.Running)
		s.wants(next, lastcall.Running)
		if look := s.Look(); len(look.Running) != 2 {
			t.Errorf("one is not settled, one runs, and it is %+v", look)
		}
	})
}

func TestASaturatedTypeHidesNoOther(t *testing.T) {
	o := types(kind("slow", deaf, lastcall.WithConcurrency(2)), kind("quick", ready))
	o.Concurrency = 4
	inShop(t, o, func(s *shop) {
		s.store.add(1000, "slow")
		s.wants(s.store.add(1, "quick")[0], lastcall.Succeeded)
		if got := s.store.statuses()[lastcall.Running]; got != 2 {
			t.Errorf("%d slow ones run, want 2", got)
		}
		before := len(s.store.claims)
		s.pass(10 * time.Second)
		for _, c := range s.store.claims[before:] {
			if slices.ContainsFunc(c.Want, func(w lastcall.Want) bool { return w.Type == "slow" }) {
				t.Fatalf("asked for a type without slots: %+v", c)
			}
		}
	})
}

func TestAHintThatWasLostCostsAPollAtMost(t *testing.T) {
	inShop(t, types(kind("a", ready)), func(s *shop) {
		s.store.hints = nil
		id := s.store.add(1, "a")[0]
		s.wants(id, lastcall.Queued)
		s.pass(1250 * time.Millisecond)
		s.wants(id, lastcall.Succeeded)
	})
}

func TestAnEmptyHintMeansThatAnythingMayHaveMoved(t *testing.T) {
	o := types(kind("a", ready), kind("long", listens))
	o.Poll, o.SweepEvery, o.Beat = time.Hour, time.Hour, time.Hour
	inShop(t, o, func(s *shop) {
		long := s.store.add(1, "long")[0]
		s.wants(long, lastcall.Running)
		s.store.hints = nil
		queued := s.store.add(1, "a")[0]
		s.store.Cancel(t.Context(), long)
		s.store.stop = []lastcall.RunRef{{Task: long, Run: 1}}
		s.wants(queued, lastcall.Queued)
		s.Moved([]lastcall.Hint{{}})
		s.wants(queued, lastcall.Succeeded)
		s.wants(long, lastcall.Canceled)
	})
}

// Another process that commits a hundred times a second is followed at a pace: the first of its hints at once, the last
// for certain. And where nothing runs nothing is written for it, or two idle processes would keep each other busy.
func TestHintsOfAnotherProcessAreHeededAtAPace(t *testing.T) {
	o := types(kind("a", ready), kind("long", listens))
	o.Poll, o.SweepEvery, o.Beat = time.Hour, time.Hour, time.Hour
	inShop(t, o, func(s *shop) {
		count := func() (claims, beats, sweeps int) {
			before := [3]int{s.store.calls["claim"], len(s.store.beats), len(s.store.sweeps)}
			for range 100 {
				s.Moved([]lastcall.Hint{{}})
				s.pass(10 * time.Millisecond)
			}
			s.pass(time.Second)
			return s.store.calls["claim"] - before[0], len(s.store.beats) - before[1], len(s.store.sweeps) - before[2]
		}
		if claims, beats, sweeps := count(); claims < 10 || claims > 25 || beats+sweeps > 0 {
			t.Errorf("an idle worker made %d claims, %d beats and %d sweeps for a second of hints", claims, beats, sweeps)
		}
		s.wants(s.store.add(1, "long")[0], lastcall.Running)
		if _, beats, sweeps := count(); beats < 2 || beats > 4 || sweeps > 0 {
			t.Errorf("a busy worker made %d beats and %d sweeps for a second of hints", beats, sweeps)
		}
		s.store.hints = nil
		last := s.store.add(1, "a")[0]
		s.Moved([]lastcall.Hint{{}})
		s.Moved([]lastcall.Hint{{}})
		s.pass(time.Second)
		s.wants(last, lastcall.Succeeded)
	})
}

func TestAnIdleWorkerAsksOncePerPoll(t *testing.T) {
	inShop(t, types(kind("a", ready), kind("b", ready)), func(s *shop) {
		s.pass(time.Minute)
		if n := s.store.calls["claim"]; n < 48 || n > 82 {
			t.Errorf("%d claims in a minute, want about 60", n)
		}
		s.Moved([]lastcall.Hint{{Type: "other"}, {Client: "alice"}})
		before := s.store.calls["claim"]
		s.wait()
		if s.store.calls["claim"] != before {
			t.Error("a hint that is none of its business woke it")
		}
	})
}

// G9: the task that kills its process is found out alone.
func TestSuspectsRunOneAtATimeBesideTheOthers(t *testing.T) {
	var suspects, most atomic.Int64
	watched := func(_ context.Context, r lastcall.Run) (string, error) {
		if task := r.Task(); task.Suspect() {
			most.Store(max(most.Load(), suspects.Add(1)))
			defer suspects.Add(-1)
		}
		time.Sleep(time.Second)
		return "", nil
	}
	inShop(t, types(kind("a", watched), kind("b", watched)), func(s *shop) {
		s.store.suspect(5, "a")
		s.store.suspect(5, "b")
		others := s.store.add(20, "a")
		s.pass(time.Second)
		for _, id := range others {
			s.wants(id, lastcall.Succeeded)
		}
		s.pass(9*time.Second + time.Millisecond)
		if got := s.store.statuses()[lastcall.Succeeded]; got != 30 || most.Load() != 1 {
			t.Errorf("%d of 30 done, %d suspects at a time", got, most.Load())
		}
	})
}

func TestStopClaimsLeavesTheQueueAndResumeTakesItUp(t *testing.T) {
	inShop(t, types(kind("a", lasts(time.Second))), func(s *shop) {
		running := s.store.add(1, "a")[0]
		s.wants(running, lastcall.Running)
		s.StopClaims()
		waiting := s.store.add(1, "a")[0]
		s.pass(10 * time.Second)
		s.wants(running, lastcall.Succeeded)
		s.wants(waiting, lastcall.Queued)
		if !s.Look().Idle() {
			t.Errorf("%+v", s.Look())
		}
		s.ResumeClaims()
		s.wants(waiting, lastcall.Running)
	})
}

func TestResumeClaimsAsksForWhatNoHintHasTold(t *testing.T) {
	o := types(kind("a", ready))
	o.Poll = time.Hour
	inShop(t, o, func(s *shop) {
		s.StopClaims()
		s.store.hints = nil
		id := s.store.add(1, "a")[0]
		s.pass(time.Minute)
		s.wants(id, lastcall.Queued)
		s.ResumeClaims()
		s.wants(id, lastcall.Succeeded)
	})
}

func TestItStaysDryWhileClaimsAreStopped(t *testing.T) {
	inShop(t, types(kind("a", ready)), func(s *shop) {
		s.StopClaims()
		s.pass(time.Minute)
		if !s.Look().Dry {
			t.Error("a poll that cannot be answered has made it doubt")
		}
	})
}

func TestItIsDryOnlyWhenEveryTypeHadNothingMoreToGive(t *testing.T) {
	o := types(kind("a", lasts(time.Second)), kind("b", ready))
	o.Concurrency = 2
	changed := make(chan struct{}, 1000)
	o.Changed = func() { changed <- struct{}{} }
	inShop(t, o, func(s *shop) {
		if !s.Look().Dry {
			t.Error("an empty store is not dry")
		}
		s.store.add(4, "a")
		s.wait()
		if s.Look().Dry {
			t.Error("dry with two tasks in the queue")
		}
		for len(changed) > 0 {
			<-changed
		}
		s.pass(2 * time.Second)
		if look := s.Look(); !look.Dry || !look.Idle() {
			t.Errorf("the work is done, and it is %+v", look)
		}
		if len(changed) == 0 {
			t.Error("nobody was told")
		}
	})
}

func TestAStoreThatIsAwayIsAskedWithBackoffAndTheWorkGoesOn(t *testing.T) {
	o := types(kind("a", ready))
	o.Poll = time.Hour // it is its own failure that makes it ask again
	inShop(t, o, func(s *shop) {
		back, tries := time.Now().Add(time.Minute), 0
		s.store.before = func(call string) error {
			if time.Now().Before(back) {
				if call == "claim" {
					tries++
				}
				return errAway()
			}
			return nil
		}
		id := s.store.add(1, "a")[0]
		s.pass(time.Minute)
		if tries < 10 || tries > 60 {
			t.Errorf("asked %d times in a minute", tries)
		}
		s.pass(3 * time.Second)
		s.wants(id, lastcall.Succeeded)
	})
}

// G2: a claim that was committed and not heard of must not leave its tasks with a node that lives and does not run them.
func TestTasksOfAClaimWhoseAnswerWasLostAreFoundAndRun(t *testing.T) {
	var starts atomic.Int64
	counted := func(d time.Duration) handle {
		return func(context.Context, lastcall.Run) (string, error) {
			starts.Add(1)
			time.Sleep(d)
			return "", nil
		}
	}
	o := types(kind("a", ready), kind("long", counted(time.Minute)), kind("brief", counted(time.Second)))
	o.Concurrency = 8
	inShop(t, o, func(s *shop) {
		known, ending := s.store.add(1, "long")[0], s.store.add(1, "brief")[0]
		s.wants(known, lastcall.Running)
		s.wants(ending, lastcall.Running)
		lost := false
		s.store.after = func(call string) error {
			switch {
			case call == "claim" && !lost:
				lost = true
				return errAway()
			case call == "runs": // so slow that what it tells is not so any more
				time.Sleep(time.Second)
			}
			return nil
		}
		ids := s.store.add(5, "a")
		s.pass(20 * time.Second)
		for _, id := range ids {
			if got := s.wants(id, lastcall.Succeeded); got.Run != 1 {
				t.Errorf("%s ran %d times", id, got.Run)
			}
		}
		s.wants(ending, lastcall.Succeeded)
		s.wants(known, lastcall.Running)
		if starts.Load() != 2 {
			t.Errorf("%d starts of the two whose claims were answered", starts.Load())
		}
		s.pass(time.Minute)
		before := s.store.calls["runs"]
		s.pass(time.Minute)
		if s.store.calls["runs"] != before {
			t.Error("it never stops looking")
		}
	})
}

// Only the claim loop looks for them: a store that does not answer it must not keep the node from its work.
func TestASearchForLostClaimsThatHangsIsGivenUp(t *testing.T) {
	for _, hung := range []string{"runs", "task"} {
		t.Run(hung, func(t *testing.T) {
			inShop(t, types(kind("a", ready)), func(s *shop) {
				lost := false
				s.store.after = func(call string) error {
					if call == "claim" && !lost {
						lost = true
						return errAway()
					}
					return nil
				}
				s.store.hung = hung
				s.store.add(1, "a")
				s.pass(time.Second)
				if !s.Look().Claiming {
					t.Error("nothing is looked for")
				}
				id := s.store.add(1, "a")[0]
				s.pass(10 * time.Second)
				s.wants(id, lastcall.Succeeded)
			})
		})
	}
}

func TestATaskOfATypeThatIsNotServedGoesBackWithAWait(t *testing.T) {
	inShop(t, types(kind("a", ready)), func(s *shop) {
		id := s.store.add(1, "a")[0]
		s.wants(id, lastcall.Succeeded)
		s.store.mu.Lock() // a store that gives what it was not asked for
		stray := &lastcall.Task{ID: "stray", Type: "b", Status: lastcall.Queued, MaxAttempts: 1}
		s.store.tasks[stray.ID] = stray
		s.store.queued["a"] = append(s.store.queued["a"], stray.ID)
		s.store.mu.Unlock()
		s.store.tell(lastcall.Hint{Type: "a"})
		got := s.wants(stray.ID, lastcall.Scheduled)
		if got.Attempt != 0 || !got.RunAt.After(time.Now()) {
			t.Errorf("given back as %+v", got)
		}
	})
}

// A node never runs again what it released in this drain.
func TestWhatWasHandedBackAfterTheEarlyWordIsNotRunHereAgain(t *testing.T) {
	runs := 0
	polite := func(_ context.Context, r lastcall.Run) (string, error) {
		runs++
		<-r.Draining()
		return "", lastcall.GiveBack(errors.New("later"), 0)
	}
	inShop(t, types(kind("a", polite)), func(s *shop) {
		id := s.store.add(1, "a")[0]
		s.wants(id, lastcall.Running)
		s.EarlyWord()
		s.EarlyWord() // twice is no harm
		s.pass(10 * time.Second)
		got := s.wants(id, lastcall.Scheduled)
		if runs != 1 || got.Attempt != 0 {
			t.Errorf("ran %d times, attempt %d", runs, got.Attempt)
		}
	})
}
