package drain

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestASecondSIGINTHandsBackWithinASecond(t *testing.T) {
	r := inBubble(t, Plan{}, func(r *rig) {
		r.service.set(func(f *fake) { f.look.Busy = 1 })
		r.interrupt()
		r.at(4 * time.Second)
		r.is(Finish)
		r.interrupt()
		r.is(HandBack)
		if got := r.service.told().StopBy.Sub(r.begin); got != 4500*time.Millisecond {
			t.Errorf("work has until %v to return", got)
		}
		r.at(5 * time.Second)
		r.is(Closed)
	})
	if r.err != nil || len(r.exits) != 0 || r.ExitCode() != 0 {
		t.Errorf("Run returned %v, exits %v", r.err, r.exits)
	}
}

func TestASecondSIGINTDoesNotWaitForAnEnter(t *testing.T) {
	inBubble(t, Plan{}, func(r *rig) {
		r.service.set(func(f *fake) {
			f.look.Busy = 1
			f.onEnter = hangsIn(f, Finish)
		})
		r.interrupt()
		r.interrupt()
		r.is(HandBack)
	})
}

// The service is told once more, with less time, and not made to drop what it
// is about to give back (G4).
func TestASecondSIGINTDoesNotBreakOffAHandBack(t *testing.T) {
	inBubble(t, Plan{}, func(r *rig) {
		var stops []time.Duration
		var broken func() error
		r.service.set(func(f *fake) {
			f.look.Busy = 1
			f.onEnter = func(ctx context.Context, o Orders) error {
				if o.Phase != HandBack {
					return nil
				}
				stops = append(stops, o.StopBy.Sub(r.begin))
				if broken == nil {
					broken = ctx.Err
					f.hang()
				}
				return nil
			}
		})
		r.interrupt()
		r.at(23 * time.Second)
		r.interrupt()
		r.is(HandBack)
		if want := []time.Duration{27 * time.Second, 23500 * time.Millisecond}; !slices.Equal(stops, want) {
			t.Errorf("stopped by %v, want %v", stops, want)
		}
		if err := broken(); err != nil {
			t.Errorf("the first hand-back ended with %v", err)
		}
		r.at(24 * time.Second)
		r.is(Closed)
	})
}

func TestASecondSIGINTDoesNotBreakOffAClosing(t *testing.T) {
	r := inBubble(t, Plan{}, func(r *rig) {
		r.service.set(func(f *fake) {
			f.onEnter = func(ctx context.Context, o Orders) error {
				if o.Phase != Closed {
					return nil
				}
				select {
				case <-time.After(1500 * time.Millisecond):
					return nil
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
		})
		r.interrupt()
		r.is(Closed)
		r.interrupt()
		r.at(1500 * time.Millisecond)
	})
	if r.err != nil || r.ExitCode() != 0 {
		t.Errorf("Run returned %v, exit %d", r.err, r.ExitCode())
	}
}

func TestAThirdSIGINTLeavesWhateverHangs(t *testing.T) {
	r := inBubble(t, Plan{}, func(r *rig) {
		r.service.set(func(f *fake) {
			f.onLook = f.hangs
			f.onEnter = hangsIn(f, HandBack)
		})
		r.interrupt()
		r.interrupt()
		r.interrupt()
	})
	if len(r.exits) != 1 || r.exits[0] != (exit{ExitInterrupted, 0}) || r.ExitCode() != ExitInterrupted {
		t.Errorf("exits %v, code %d", r.exits, r.ExitCode())
	}
	if r.err == nil || !strings.Contains(r.stderr.String(), "interrupted") {
		t.Errorf("Run returned %v, standard error has %q", r.err, &r.stderr)
	}
}

func TestARepeatedSIGTERMIsOnlyLogged(t *testing.T) {
	inBubble(t, Plan{}, func(r *rig) {
		r.service.set(func(f *fake) { f.look.Busy = 1 })
		r.terminate()
		deadline := r.Status().Deadline
		r.at(3 * time.Second)
		for range 20 {
			r.terminate()
		}
		r.Start("POST /v1/drain")
		synctest.Wait()
		if s := r.Status(); s.Phase != Finish || !s.Deadline.Equal(*deadline) || s.Signal != "SIGTERM" {
			t.Errorf("status %+v", s)
		}
		if got := strings.Count(r.logged(), "already draining"); got != 21 {
			t.Errorf("%d lines say that it is draining already", got)
		}
	})
}

func TestStartDrainsForItsReason(t *testing.T) {
	inBubble(t, Plan{}, func(r *rig) {
		r.service.set(func(f *fake) { f.look.Busy = 1 })
		r.Start("POST /v1/drain")
		<-r.Begun()
		if s := r.Status(); s.Signal != "POST /v1/drain" {
			t.Errorf("status %+v", s)
		}
	})
}

// A SIGTERM that comes when the server listens already and Run is not called
// yet would end the process by its default, with requests inside.
func TestASignalBeforeRunIsHeardByRun(t *testing.T) {
	d, err := New(Plan{}, newFake(), Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := d.Run(t.Context()); err != nil {
		t.Error(err)
	}
	if got := d.Status().Report.Signal; got != "SIGTERM" {
		t.Errorf("signal %q", got)
	}
}

// An embedder may hear other signals; they are named by the system.
func TestAnySignalOnTheChannelIsACallToStop(t *testing.T) {
	inBubble(t, Plan{}, func(r *rig) {
		r.signals <- syscall.SIGHUP
		synctest.Wait()
		if got := r.Status().Signal; got != "hangup" {
			t.Errorf("signal %q", got)
		}
	})
}
