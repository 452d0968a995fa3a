package drain

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnIdleProcessIsGoneAtOnce(t *testing.T) {
	inBubble(t, Plan{}, func(r *rig) {
		r.terminate()
		r.is(Closed)
		if took := time.Since(r.begin); took != 0 || r.ExitCode() != ExitDrained {
			t.Errorf("took %v, exit %d", took, r.ExitCode())
		}
	})
}

func TestAPokeEndsTheWaitAndALostOneCostsATenthOfASecond(t *testing.T) {
	for name, want := range map[string]time.Duration{"poked": 0, "not poked": poll} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Plan{}, func(r *rig) {
				r.service.set(func(f *fake) { f.look.Busy = 1 })
				r.terminate()
				r.at(3 * time.Second)
				r.is(Finish)
				r.service.set(func(f *fake) { f.look.Busy = 0 })
				if want == 0 {
					r.Poke()
				}
				synctest.Wait()
				r.at(3*time.Second + want)
				r.is(Closed)
			})
		})
	}
}

func TestNothingIsAskedOfAServiceThatNobodyDrains(t *testing.T) {
	inBubble(t, Plan{}, func(r *rig) {
		r.Poke()
		r.at(time.Hour)
		r.is(Ready)
		if r.service.looks != 0 || r.Told() || r.Refusing() || !r.Ready() {
			t.Errorf("%d looks, orders %+v", r.service.looks, r.Orders())
		}
	})
}

// What was let in between the last look and the refusal is seen by the next
// look, which is taken after the refusal has been ordered.
func TestWorkThatSlipsInIsNotPassedBy(t *testing.T) {
	inBubble(t, Plan{}, func(r *rig) {
		r.service.set(func(f *fake) {
			f.onEnter = func(_ context.Context, o Orders) error {
				if o.Phase == Finish {
					f.set(func(f *fake) { f.look.Busy = 1 })
				}
				return nil
			}
		})
		r.terminate()
		r.is(Finish)
		if !r.service.told().Refuse {
			t.Error("new work is not refused")
		}
	})
}

func TestALookThatHangsLeavesTheTimesAlone(t *testing.T) {
	inBubble(t, Plan{Grace: 30 * time.Second}, func(r *rig) {
		r.service.set(func(f *fake) { f.onLook = f.hangs })
		r.terminate()
		r.at(2 * time.Second)
		r.is(Finish) // nothing is known, so somebody may be inside
		r.at(23 * time.Second)
		r.is(HandBack)
		r.at(29 * time.Second)
		r.is(Closed)
		if len(r.exited()) != 0 {
			t.Errorf("G8: the watchdog had to bark: %v", r.exited())
		}
	})
}

// A look that was taken before the orders of a phase says nothing about it:
// whoever was let in since is not in it.
func TestALookFromBeforeAPhaseIsForgotten(t *testing.T) {
	inBubble(t, Plan{Grace: 30 * time.Second}, func(r *rig) {
		late := make(chan struct{})
		r.service.set(func(f *fake) {
			f.onLook = func(l Look) Look {
				<-late
				return l // nobody is inside, it says
			}
		})
		r.terminate()
		r.at(10 * time.Second)
		r.service.set(func(f *fake) { f.look.Busy = 1 })
		r.at(22*time.Second + 500*time.Millisecond)
		r.is(HandBack)
		close(late)
		r.at(27 * time.Second)
		r.is(HandBack)
	})
}

func TestAnEnterThatHangsIsLeftBehind(t *testing.T) {
	for _, phase := range []Phase{Finish, HandBack} {
		t.Run(string(phase), func(t *testing.T) {
			inBubble(t, Plan{}, func(r *rig) {
				r.service.set(func(f *fake) {
					f.look.Busy = 1
					f.onEnter = hangsIn(f, phase)
				})
				r.terminate()
				r.at(28 * time.Second)
				r.is(Closed)
				if got := r.Status().Report; got == nil || got.ExitCode != 0 || len(r.exited()) != 0 {
					t.Errorf("report %+v, exits %v", got, r.exited())
				}
				if !strings.Contains(r.logged(), errLeftBehind.Error()) {
					t.Error("nobody was told")
				}
			})
		})
	}
}

func TestAFailureToCloseIsReturned(t *testing.T) {
	broken := errors.New("the disk is gone")
	r := closing(t, func(context.Context, *fake) error { return broken })
	if !errors.Is(r.err, broken) || r.ExitCode() != ExitCloseFailed || r.Status().Report.ExitCode != ExitCloseFailed {
		t.Errorf("Run returned %v, exit %d", r.err, r.ExitCode())
	}
}

func TestAClosingThatHeedsItsContextEndsInTime(t *testing.T) {
	r := closing(t, func(ctx context.Context, _ *fake) error {
		<-ctx.Done()
		return nil
	})
	if r.err != nil || len(r.exits) != 0 {
		t.Errorf("Run returned %v, exits %v", r.err, r.exits)
	}
}

func TestAClosingThatHangsIsLeftBehindBeforeTheWatchdog(t *testing.T) {
	r := closing(t, func(_ context.Context, f *fake) error {
		f.hang()
		return nil
	})
	if !errors.Is(r.err, errLeftBehind) || len(r.exits) != 0 || r.ExitCode() != ExitCloseFailed {
		t.Errorf("Run returned %v, exits %v", r.err, r.exits)
	}
}

// closing drains an idle service whose closing is given.
func closing(t *testing.T, f func(context.Context, *fake) error) *rig {
	t.Helper()
	return inBubble(t, Plan{}, func(r *rig) {
		r.service.set(func(s *fake) {
			s.onEnter = func(ctx context.Context, o Orders) error {
				if o.Phase == Closed {
					return f(ctx, s)
				}
				return nil
			}
		})
		r.terminate()
		r.at(29 * time.Second)
	})
}

func TestADeclinedAnnouncementIsTriedAgainAfterASecond(t *testing.T) {
	for name, refusal := range map[string]error{"no peer": ErrNoPeer, "no store": errors.New("connection refused")} {
		t.Run(name, func(t *testing.T) {
			plan := Plan{Shared: true, Linger: true, Kubernetes: true}
			inBubble(t, plan, func(r *rig) {
				r.service.set(func(f *fake) {
					f.look.Peer = true
					f.onEnter = func(_ context.Context, o Orders) error {
						if o.Phase == Announce {
							return refusal
						}
						return nil
					}
				})
				r.terminate()
				r.is(Linger)
				r.service.set(func(f *fake) { f.onEnter = nil })
				r.at(999 * time.Millisecond)
				r.is(Linger)
				if o := r.Orders(); !o.Ready || !o.Claim || o.Refuse || o.EarlyWord {
					t.Errorf("G6: lingering means %+v", o)
				}
				r.at(time.Second)
				r.is(Announce)
			})
		})
	}
}

// G6: nobody knows whether there is a peer, so nothing is given up yet.
func TestAnAnnouncementThatHangsIsTriedAgain(t *testing.T) {
	inBubble(t, Plan{Shared: true, Kubernetes: true}, func(r *rig) {
		r.service.set(func(f *fake) {
			f.look.Busy, f.look.Peer = 1, true
			f.onEnter = hangsIn(f, Announce)
		})
		r.terminate()
		r.is(Ready) // told, and not moved yet
		if !r.Told() {
			t.Error("the signal was not heard")
		}
		r.at(enterBound)
		r.is(Linger)
		if r.Refusing() {
			t.Error("it refuses, and does not know whether it is alone")
		}
		r.service.set(func(f *fake) { f.onEnter = nil })
		r.at(enterBound + declined)
		r.is(Announce)
		r.at(5 * time.Second)
		r.service.set(func(f *fake) { f.look.Busy, f.look.Peer = 0, false })
		r.Poke()
		synctest.Wait()
		want := []PhaseTime{{Linger, 3000}, {Announce, 2000}}
		if got := r.Status().Report.Phases; !slices.Equal(got[:2], want) {
			t.Errorf("the report begins with %+v, want %+v: the way to the first phase is part of it", got, want)
		}
	})
}

func TestRequestsKeepAnnounceFromBeingQuiet(t *testing.T) {
	plan := Plan{Shared: true, Kubernetes: true} // min 3 s, quiet 1 s
	inBubble(t, plan, func(r *rig) {
		r.service.set(func(f *fake) { f.look.Peer, f.look.Busy = true, 1 })
		r.terminate()
		request, probe := r.counted("/v1/tasks"), r.counted("/readyz")
		r.at(2900 * time.Millisecond)
		request()
		r.at(3500 * time.Millisecond)
		probe() // a probe is no reason to stay
		r.is(Announce)
		r.at(3900 * time.Millisecond)
		r.is(Finish)
		if got := r.traffic.afterSignal.Load(); got != 1 {
			t.Errorf("%d requests were counted", got)
		}
	})
}

func TestTheEndOfTheContextIsACallToStop(t *testing.T) {
	r := inBubble(t, Plan{}, func(*rig) {}) // which ends its context
	if got := r.Status().Report; r.err != nil || got.Signal != "context" {
		t.Errorf("Run returned %v, report %+v", r.err, got)
	}
	if err := r.Run(t.Context()); err == nil {
		t.Error("a drain ran twice")
	}
}
