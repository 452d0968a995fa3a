package worker_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

func TestProgressIsCoalescedAndTheLatestWins(t *testing.T) {
	chatty := func(_ context.Context, r lastcall.Run) (string, error) {
		for i := range 1000 { // one each millisecond
			r.Progress(float64(i)/10, fmt.Sprintf("row %d", i))
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		return "", nil
	}
	inShop(t, types(kind("a", chatty)), func(s *shop) {
		id := s.store.add(1, "a")[0]
		s.pass(3 * time.Second)
		saves := s.store.saves
		if len(saves) < 4 || len(saves) > 6 {
			t.Errorf("%d writes for 1000 words in a second, want about 5", len(saves))
		}
		for i := 1; i < len(saves); i++ {
			if gap := saves[i].at.Sub(saves[i-1].at); gap < 250*time.Millisecond {
				t.Errorf("two writes within %v", gap)
			}
		}
		if got := s.wants(id, lastcall.Succeeded).Progress; got == nil || got.Message != "row 999" || got.Percent != 99.9 {
			t.Errorf("the last word is %+v", got)
		}
	})
}

func TestNoProgressIsWrittenOnceTheRunIsOver(t *testing.T) {
	quick := func(_ context.Context, r lastcall.Run) (string, error) {
		r.Progress(10, "")
		time.Sleep(200 * time.Millisecond)
		r.Progress(20, "")
		return "", nil
	}
	inShop(t, types(kind("a", quick)), func(s *shop) {
		// While the outcomes are on their way the time of the next writes comes.
		s.store.before = func(call string) error {
			if call == "settle" {
				time.Sleep(time.Second)
			}
			return nil
		}
		s.store.add(50, "a")
		s.pass(3 * time.Second)
		if s.store.calls["save"] != 50 {
			t.Errorf("%d writes, want the first word of each of 50 runs", s.store.calls["save"])
		}
	})
}

func TestProgressStaysWithinItsBounds(t *testing.T) {
	odd := func(_ context.Context, r lastcall.Run) (string, error) {
		time.Sleep(time.Nanosecond) // the bubble's clock stands at a full second
		for _, p := range []float64{-1, 101, math.NaN(), math.Inf(1)} {
			r.Progress(p, "\xff")
			time.Sleep(time.Second)
		}
		return "", nil
	}
	inShop(t, types(kind("a", odd)), func(s *shop) {
		s.store.add(1, "a")
		s.pass(5 * time.Second)
		for i, want := range []float64{0, 100, 0, 100} {
			got := s.store.saves[i].note.Progress
			if got.Percent != want || got.Message != "" {
				t.Errorf("wrote %+v, want %v", got, want)
			}
			if got.At.Nanosecond()%1000 != 0 || got.At.Location() != time.UTC {
				t.Errorf("at %v, want UTC to the microsecond", got.At)
			}
		}
	})
}

func TestACheckpointIsThereForTheNextRun(t *testing.T) {
	steps := func(_ context.Context, r lastcall.Run) (string, error) {
		if last := r.LastCheckpoint(); last != nil {
			return fmt.Sprintf("%q", last), nil
		}
		if err := r.Checkpoint([]byte("halfway")); err != nil {
			t.Error(err)
		}
		return "", lastcall.RetryAfter(errors.New("broken"), time.Second)
	}
	inShop(t, types(kind("a", steps)), func(s *shop) {
		id := s.store.add(1, "a")[0]
		s.pass(2 * time.Second)
		if got := s.wants(id, lastcall.Succeeded); string(got.Output) != `"halfway"` {
			t.Errorf("the next run was left %s", got.Output)
		}
	})
}

func TestACheckpointThatCannotBeKept(t *testing.T) {
	var large, away, lost, empty error
	var cause error
	tries := func(ctx context.Context, r lastcall.Run) (string, error) {
		large = r.Checkpoint(make([]byte, 101))
		empty = r.Checkpoint(nil)
		time.Sleep(time.Second)
		away = r.Checkpoint([]byte("x"))
		time.Sleep(time.Minute)
		lost = r.Checkpoint([]byte("x"))
		cause = context.Cause(ctx)
		return "", nil
	}
	o := types(kind("a", tries))
	o.Limits.Checkpoint = 100
	inShop(t, o, func(s *shop) {
		id := s.store.add(1, "a")[0]
		s.wants(id, lastcall.Running)
		failing := true
		s.store.before = func(call string) error {
			if call == "save" && failing {
				failing = false
				return errAway()
			}
			return nil
		}
		s.pass(30 * time.Second)
		s.store.mu.Lock()
		s.store.tasks[id].Run = 9 // someone else's by now
		s.store.mu.Unlock()
		s.pass(time.Minute)
		if len(s.store.saves) != 1 || s.store.saves[0].note.Checkpoint == nil {
			t.Errorf("an empty checkpoint is written as %+v, which leaves the last one", s.store.saves)
		}
		if lastcall.CodeOf(large) != lastcall.CodeTooLarge || empty != nil {
			t.Errorf("over the limit: %v; none: %v", large, empty)
		}
		if lastcall.CodeOf(away) != lastcall.CodeStoreUnavailable {
			t.Errorf("without the store: %v", away)
		}
		if lastcall.CodeOf(lost) != lastcall.CodeLeaseLost || !errors.Is(cause, lastcall.ErrLeaseLost) {
			t.Errorf("of a run that is lost: %v, and the context ended with %v", lost, cause)
		}
		if s.store.calls["settle"] != 0 {
			t.Error("a lost run was settled")
		}
	})
}
