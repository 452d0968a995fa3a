package worker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// What a run writes is saved while it goes on, so that a node that dies leaves it behind, and once a second at most; its
// outcome carries all of it.
func TestALogIsKeptWhileTheRunGoesOnAndAtItsEnd(t *testing.T) {
	writes := func(_ context.Context, r lastcall.Run) (string, error) {
		for i := range 250 {
			fmt.Fprintf(r.Log(), "line %d\n", i)
			time.Sleep(10 * time.Millisecond)
		}
		return "", nil
	}
	inShop(t, types(kind("a", writes)), func(s *shop) {
		s.store.add(1, "a")
		s.pass(3 * time.Second)
		logs := s.store.saves
		if len(logs) < 2 || len(logs) > 4 {
			t.Errorf("%d writes of a log of 2.5 s, want about 3", len(logs))
		}
		for i, l := range logs {
			if i > 0 && l.at.Sub(logs[i-1].at) < time.Second {
				t.Errorf("write %d came %v after the one before", i, l.at.Sub(logs[i-1].at))
			}
			if !strings.HasPrefix(string(l.note.Log), "line 0\n") {
				t.Errorf("write %d is %.40q", i, l.note.Log)
			}
		}
		if got := string(s.store.settle[0].Log); strings.Count(got, "\n") != 250 {
			t.Errorf("the outcome's log is %q", got)
		}
	})
}

func TestTheLastOfALongLogIsKept(t *testing.T) {
	writes := func(_ context.Context, r lastcall.Run) (string, error) {
		_, _ = io.WriteString(r.Log(), strings.Repeat("x", 3*lastcall.MaxLog))
		for i := range 20_000 {
			fmt.Fprintf(r.Log(), "line %d\n", i)
		}
		return "", nil
	}
	inShop(t, types(kind("a", writes)), func(s *shop) {
		s.wants(s.store.add(1, "a")[0], lastcall.Succeeded)
		got := string(s.store.settle[0].Log)
		if len(got) != lastcall.MaxLog || !strings.HasSuffix(got, "line 19998\nline 19999\n") {
			t.Errorf("%d bytes are kept, which end in %q", len(got), got[max(0, len(got)-30):])
		}
	})
}

// A run that writes nothing costs nothing, and one that was left behind writes nothing any more.
func TestARunThatIsOverHasNoLog(t *testing.T) {
	var log io.Writer
	keeps := func(_ context.Context, r lastcall.Run) (string, error) {
		log = r.Log()
		return "", nil
	}
	inShop(t, types(kind("a", keeps)), func(s *shop) {
		s.wants(s.store.add(1, "a")[0], lastcall.Succeeded)
		fmt.Fprintln(log, "too late")
		s.pass(5 * time.Second)
		if len(s.store.saves) != 0 || s.store.settle[0].Log != nil {
			t.Errorf("saved %+v, settled with %q", s.store.saves, s.store.settle[0].Log)
		}
	})
}

// Progress is not held up by a log that is written at a slower pace.
func TestProgressKeepsItsPaceBesideALog(t *testing.T) {
	talks := func(_ context.Context, r lastcall.Run) (string, error) {
		for i := range 200 {
			fmt.Fprintln(r.Log(), i)
			r.Progress(float64(i)/2, "")
			time.Sleep(10 * time.Millisecond)
		}
		return "", nil
	}
	inShop(t, types(kind("a", talks)), func(s *shop) {
		s.store.add(1, "a")
		s.pass(3 * time.Second)
		if n := len(s.store.saves); n < 7 || n > 10 {
			t.Errorf("%d writes in 2 s, want about 8", n)
		}
	})
}

// Tasks that workers outside lease are announced, so that they are accepted, and never claimed.
func TestPullTypesAreAnnouncedAndLeftAlone(t *testing.T) {
	o := types(kind("a", ready), lastcall.TaskType{Name: "outside", Pull: true})
	inShop(t, o, func(s *shop) {
		outside := s.store.add(1, "outside")[0]
		s.wants(s.store.add(1, "a")[0], lastcall.Succeeded)
		s.pass(time.Minute)
		s.wants(outside, lastcall.Queued)
		for _, c := range s.store.claims {
			for _, w := range c.Want {
				if w.Type == "outside" {
					t.Fatalf("claimed %+v", c)
				}
			}
		}
		if got := fmt.Sprint(s.store.joined); got != "[a outside]" {
			t.Errorf("announced %s", got)
		}
	})
}

// What the metrics count: each run that was settled, with what became of its task.
func TestEverySettledRunIsTold(t *testing.T) {
	var told []string
	o := types(kind("a", func(_ context.Context, r lastcall.Run) (string, error) {
		time.Sleep(time.Second)
		if r.Attempt() == 1 {
			return "", lastcall.RetryAfter(errors.New("no"), time.Second)
		}
		return "", nil
	}))
	o.Settled = func(typ string, became lastcall.Status, took time.Duration) {
		told = append(told, fmt.Sprint(typ, " ", became, " ", took))
	}
	inShop(t, o, func(s *shop) {
		s.store.add(1, "a")
		s.pass(10 * time.Second)
		if got := fmt.Sprint(told); got != "[a scheduled 1s a succeeded 1s]" {
			t.Errorf("told %s", got)
		}
	})
}
