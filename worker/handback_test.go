package worker_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/worker"
)

// handBack hands back as a drain does, with two seconds beyond the handlers' time, and says how long it took.
func (s *shop) handBack(within time.Duration) (worker.HandedBack, time.Duration) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(s.t.Context(), within+2*time.Second)
	defer cancel()
	counts := s.HandBack(ctx, within)
	return counts, time.Since(start)
}

func wantCounts(t *testing.T, got, want worker.HandedBack) {
	t.Helper()
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// G4: what is handed back has cost no attempt, and keeps its checkpoint.
func TestHandBackReleasesWhatReturnsWithItsCheckpoint(t *testing.T) {
	saves := func(ctx context.Context, r lastcall.Run) (string, error) {
		<-ctx.Done()
		if !errors.Is(context.Cause(ctx), lastcall.ErrDraining) {
			t.Errorf("cause %v", context.Cause(ctx))
		}
		return "", r.Checkpoint([]byte("page 7")) // a nil error is a success, also now
	}
	fails := func(ctx context.Context, r lastcall.Run) (string, error) {
		saves(ctx, r)
		return "", context.Canceled
	}
	inShop(t, types(kind("a", fails), kind("b", saves)), func(s *shop) {
		back := s.store.add(1, "a")[0]
		done := s.store.add(1, "b")[0]
		s.wait()
		counts, took := s.handBack(5 * time.Second)
		wantCounts(t, counts, worker.HandedBack{HandedBack: 1})
		if took != 0 {
			t.Errorf("took %v though all listened", took)
		}
		got := s.wants(back, lastcall.Queued)
		if got.Attempt != 0 || got.Interruptions != 1 || string(got.Checkpoint) != "page 7" {
			t.Errorf("got %+v", got)
		}
		s.wants(done, lastcall.Succeeded)
		for _, ev := range s.store.events {
			if ev.Task == back && string(ev.Data) != `{"reason":"drain"}` {
				t.Errorf("the client is told %s %s", ev.Type, ev.Data)
			}
		}
	})
}

// G3, G8: who does not return is fenced, in time, once in the log, and settles nothing later.
func TestHandBackFencesWhatDoesNotReturn(t *testing.T) {
	var log bytes.Buffer
	o := types(
		kind("patient", deaf, lastcall.WithStopTimeout(time.Minute)),
		kind("brief", deaf, lastcall.WithStopTimeout(time.Second)),
	)
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	inShop(t, o, func(s *shop) {
		patient, brief := s.store.add(1, "patient")[0], s.store.add(1, "brief")[0]
		s.wait()
		meanwhile := make(chan [2]lastcall.Status, 1)
		time.AfterFunc(time.Second+1, func() {
			meanwhile <- [2]lastcall.Status{s.store.task(brief).Status, s.store.task(patient).Status}
		})
		counts, took := s.handBack(5 * time.Second)
		wantCounts(t, counts, worker.HandedBack{Fenced: 2})
		if took != 5*time.Second {
			t.Errorf("took %v, want the 5s that it was given", took)
		}
		if got := <-meanwhile; got != [2]lastcall.Status{lastcall.Queued, lastcall.Running} {
			t.Errorf("after the stop timeout of the first they are %v", got)
		}
		if got := s.wants(patient, lastcall.Queued); got.Attempt != 0 {
			t.Errorf("it cost attempt %d", got.Attempt)
		}
		if n := strings.Count(log.String(), "did not return"); n != 2 {
			t.Errorf("%d lines in the log, want 2:\n%s", n, &log)
		}
		s.close()
		calls := s.store.calls["settle"]
		s.pass(deafness) // the handlers return with a success
		if s.store.calls["settle"] != calls {
			t.Error("a fenced handler has settled")
		}
		s.wants(patient, lastcall.Queued)
	})
}

func TestASecondHandBackWithLessPatienceCutsTheFirstShort(t *testing.T) {
	inShop(t, types(kind("a", deaf)), func(s *shop) {
		s.store.add(1, "a")
		s.wait()
		first := make(chan time.Duration)
		go func() {
			_, took := s.handBack(5 * time.Second)
			first <- took
		}()
		s.pass(time.Second)
		_, took := s.handBack(time.Second)
		if took != time.Second || <-first != 2*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestAClaimThatIsAnsweredDuringAHandBackIsReleasedUnstarted(t *testing.T) {
	inShop(t, types(kind("a", deaf)), func(s *shop) {
		s.store.after = func(call string) error {
			if call == "claim" {
				time.Sleep(time.Second)
			}
			return nil
		}
		id := s.store.add(1, "a")[0]
		s.wait()
		if look := s.Look(); !look.Claiming || look.Dry || look.Idle() {
			t.Errorf("a claim is under way, and it is %+v", look)
		}
		counts, took := s.handBack(5 * time.Second)
		wantCounts(t, counts, worker.HandedBack{HandedBack: 1})
		if took > time.Second {
			t.Errorf("took %v", took)
		}
		if got := s.wants(id, lastcall.Queued); got.Attempt != 0 {
			t.Errorf("got %+v", got)
		}
		s.ResumeClaims()
		s.pass(5 * time.Second)
		s.wants(id, lastcall.Queued) // no claims ever again
	})
}

// G8: not even a store that is away holds the node up, and its tasks are no one's prisoners.
func TestHandBackEndsInTimeWithoutItsStore(t *testing.T) {
	inShop(t, types(kind("a", listens), kind("b", deaf)), func(s *shop) {
		ids := append(s.store.add(3, "a"), s.store.add(1, "b")...)
		s.wait()
		s.store.before = func(call string) error {
			if call == "leave" {
				return nil
			}
			return errAway()
		}
		counts, took := s.handBack(5 * time.Second)
		wantCounts(t, counts, worker.HandedBack{Unsettled: 4})
		if took != 7*time.Second {
			t.Errorf("took %v, want 7s", took)
		}
		start := time.Now()
		s.close()
		if took := time.Since(start); took != 0 {
			t.Errorf("the end of Run took another %v", took)
		}
		for _, id := range ids {
			s.wants(id, lastcall.Queued) // the store took them when the node left
		}
	})
}

func TestTheEarlyWordReachesRunsThatGoOnAndThoseThatStartLater(t *testing.T) {
	waits := func(ctx context.Context, r lastcall.Run) (string, error) {
		<-r.Draining()
		if ctx.Err() != nil {
			t.Error("the context has ended with the early word")
		}
		return "", nil
	}
	inShop(t, types(kind("a", waits)), func(s *shop) {
		first := s.store.add(1, "a")[0]
		s.wants(first, lastcall.Running)
		s.EarlyWord()
		s.wants(first, lastcall.Succeeded)
		s.wants(s.store.add(1, "a")[0], lastcall.Succeeded)
	})
}

func TestAHandlerThatWaitsForTheEarlyWordAloneHearsItFromAHandBack(t *testing.T) {
	waits := func(_ context.Context, r lastcall.Run) (string, error) {
		<-r.Draining()
		return "", nil
	}
	inShop(t, types(kind("a", waits)), func(s *shop) {
		id := s.store.add(1, "a")[0]
		s.wants(id, lastcall.Running)
		if _, took := s.handBack(time.Second); took != 0 {
			t.Errorf("took %v", took)
		}
		s.wants(id, lastcall.Succeeded)
	})
}

// A store is closed when Run has returned: nothing may reach for it after that.
func TestRunWaitsForTheCheckpointOfAHandlerThatItLeavesBehind(t *testing.T) {
	stuck := func(_ context.Context, r lastcall.Run) (string, error) {
		return "", r.Checkpoint([]byte("x"))
	}
	inShop(t, types(kind("a", stuck)), func(s *shop) {
		var saved time.Time
		s.store.before = func(call string) error {
			if call == "save" {
				time.Sleep(30 * time.Second)
				saved = time.Now()
			}
			return nil
		}
		s.store.add(1, "a")
		s.wait()
		s.close()
		if saved.IsZero() {
			t.Error("Run has returned with a call of the store under way")
		}
	})
}

// G2, G4: whatever the moment, every task has either ended or waits as if it had never been begun.
func TestAHandBackInTheMidstOfWorkLosesNothingAndChargesNothing(t *testing.T) {
	for seed := range uint64(5) {
		dice := rand.New(rand.NewPCG(seed, 0))
		moment := time.Duration(dice.IntN(1000)) * time.Millisecond
		works := func(ctx context.Context, r lastcall.Run) (string, error) {
			work := time.NewTimer(time.Duration(r.Fence()*37+int64(len(r.Task().ID))*11) % 90 * time.Millisecond)
			defer work.Stop()
			select {
			case <-work.C:
				return "", nil
			case <-ctx.Done():
				return "", r.Checkpoint([]byte("so far"))
			}
		}
		gives := func(ctx context.Context, r lastcall.Run) (string, error) {
			if _, err := works(ctx, r); err != nil || ctx.Err() == nil {
				return "", err
			}
			return "", context.Cause(ctx)
		}
		inShop(t, types(kind("a", gives), kind("b", lasts(70*time.Millisecond)), kind("deaf", deaf)), func(s *shop) {
			s.store.add(400, "a")
			s.store.add(100, "b")
			s.store.add(3, "deaf")
			s.pass(moment)
			counts, took := s.handBack(time.Second)
			s.wait()
			n := s.store.statuses()
			if n[lastcall.Queued]+n[lastcall.Succeeded] != 503 || n[lastcall.Succeeded] != s.Finished() || took > time.Second {
				t.Errorf("seed %d: %v after %v, finished %d, %+v", seed, n, took, s.Finished(), counts)
			}
			released := 0
			for _, task := range s.store.tasks {
				released += task.Interruptions
				if task.Status == lastcall.Queued && task.Attempt != 0 {
					t.Errorf("seed %d: %s was charged", seed, task.ID)
				}
			}
			if released != counts.HandedBack+counts.Fenced || counts.Unsettled != 0 {
				t.Errorf("seed %d: %d were released, and the counts say %+v", seed, released, counts)
			}
		})
	}
}

// G4, G8: a program that ends Run without a drain loses nothing either.
func TestRunHandsBackByItselfAndLeaves(t *testing.T) {
	inShop(t, types(kind("a", deaf)), func(s *shop) {
		id := s.store.add(1, "a")[0]
		s.wait()
		start := time.Now()
		s.close()
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("took %v, want the stop timeout", took)
		}
		s.wants(id, lastcall.Queued)
		if s.store.calls["leave"] != 1 {
			t.Error("did not leave")
		}
		if beats := len(s.store.beats); beats < 2 {
			t.Errorf("%d beats while handing back", beats)
		}
	})
}
