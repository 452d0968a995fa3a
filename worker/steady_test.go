package worker_test

import (
	"bytes"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Workers outside renew their leases through nodes. A node that could not be asked, as its store was away, as it hung, or as
// the process itself was frozen, ends no lease that it could not have been asked to renew.
func TestASweepTellsForHowLongTheNodeWasThere(t *testing.T) {
	for name, trouble := range map[string]func(calls int64) (time.Duration, error){
		"the store fails":        func(int64) (time.Duration, error) { return 0, errAway() },
		"the store hangs":        func(int64) (time.Duration, error) { return 2 * time.Second, errAway() },
		"everything stood still": func(int64) (time.Duration, error) { return 9 * time.Second, nil },
	} {
		t.Run(name, func(t *testing.T) {
			inShop(t, types(kind("a", ready)), func(s *shop) {
				steady := func() time.Duration { return s.store.steady[len(s.store.steady)-1] }
				if s.pass(30 * time.Second); steady() < 28*time.Second || steady() > 30*time.Second {
					t.Errorf("after half a minute it says %s", steady())
				}
				back := time.Now().Add(8 * time.Second)
				var calls atomic.Int64
				s.store.before = func(string) error {
					if time.Now().After(back) {
						return nil
					}
					takes, err := trouble(calls.Add(1))
					time.Sleep(takes)
					return err
				}
				s.pass(time.Until(back) + 20*time.Second)
				before := len(s.store.steady)
				s.pass(5 * time.Second)
				if since := time.Since(back); len(s.store.steady) == before || steady() > since || steady() < since-12*time.Second {
					t.Errorf("%s after the trouble it says %s", since, steady())
				}
			})
		})
	}
}

// A store that is slow for some seconds is none that was away: else, where that happens now and then, no lease of minutes
// would ever run out. Who could not renew meanwhile has the time of a node's lease to.
func TestAShortSilenceIsNotCountedAndEndsNothing(t *testing.T) {
	inShop(t, types(kind("a", ready)), func(s *shop) {
		steady := func() time.Duration { return s.store.steady[len(s.store.steady)-1] }
		s.pass(30 * time.Second)
		back := time.Now().Add(4 * time.Second)
		s.store.before = func(string) error {
			time.Sleep(time.Until(back))
			return nil
		}
		s.pass(5 * time.Second)
		swept := len(s.store.steady)
		s.pass(4 * time.Second)
		if len(s.store.steady) == swept || steady() != 0 {
			t.Errorf("soon after a silence of four seconds it says %s", steady())
		}
		if s.pass(10 * time.Second); steady() < 40*time.Second || steady() > 46*time.Second {
			t.Errorf("some seconds after it, %s", steady())
		}
	})
}

func TestLeasesThatHaveRunOutAreTold(t *testing.T) {
	var told atomic.Int64
	var log bytes.Buffer
	o := types(kind("a", ready))
	o.Lapsed = func(leases int) { told.Add(int64(leases)) }
	o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	inShop(t, o, func(s *shop) {
		s.pass(time.Second)
		lapses := []lastcall.Lapse{{Task: "1", Worker: "b"}, {Task: "2", Worker: "a"}, {Task: "3", Worker: "b"}}
		for i := range 25 {
			lapses = append(lapses, lastcall.Lapse{Task: strconv.Itoa(100 + i), Worker: "many"})
		}
		s.store.lapses = lapses
		s.store.after = func(call string) error { // at something else than leases
			if call == "sweep" {
				return lastcall.Errorf(lastcall.CodeInternal, "a row is damaged")
			}
			return nil
		}
		if s.pass(5 * time.Second); told.Load() != 28 {
			t.Errorf("told of %d", told.Load())
		}
	})
	for _, want := range []string{
		`worker=a tasks=1 ids=[2]`, `worker=b tasks=2 ids="[1 3]"`, `worker=many tasks=25 ids="[100 101 `, ` 119 and 5 more]"`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log says\n%swant %s", log.String(), want)
		}
	}
}
