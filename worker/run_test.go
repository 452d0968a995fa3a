package worker_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/worker"
)

func TestASuccessIsSettledWithItsOutput(t *testing.T) {
	inShop(t, types(kind("a", ready)), func(s *shop) {
		got := s.wants(s.store.add(1, "a")[0], lastcall.Succeeded)
		if string(got.Output) != `"ok"` || got.Run != 1 || got.Attempt != 1 || got.Node != "pod-a" {
			t.Errorf("got %+v", got)
		}
		if s.Finished() != 1 {
			t.Errorf("finished %d, want 1", s.Finished())
		}
	})
}

func TestAFailedAttemptIsTriedAgainAfterItsBackoff(t *testing.T) {
	failsTwice := func(_ context.Context, r lastcall.Run) (string, error) {
		if r.Attempt() < 3 {
			return "", lastcall.RetryAfter(errors.New("not yet"), time.Minute)
		}
		return "", nil
	}
	inShop(t, types(kind("a", failsTwice)), func(s *shop) {
		start := time.Now()
		id := s.store.add(1, "a")[0]
		s.wants(id, lastcall.Scheduled)
		s.pass(3 * time.Minute)
		got := s.wants(id, lastcall.Succeeded)
		if string(got.Output) != "null" || got.Attempt != 3 {
			t.Errorf("got %+v", got)
		}
		// The sweep comes when the task is due, not at its next turn.
		if took := got.FinishedAt.Sub(start); took > 2*time.Minute+time.Millisecond {
			t.Errorf("took %v, want 2m", took)
		}
	})
}

func TestWhatAHandlerMayComeTo(t *testing.T) {
	for _, c := range []struct {
		name    string
		handler handle
		status  lastcall.Status
		code    string
		message string
	}{
		{"an error is tried again", func(context.Context, lastcall.Run) (string, error) {
			return "", errors.New("broken")
		}, lastcall.Scheduled, lastcall.FailureError, "broken"},
		{"a permanent one is not", func(context.Context, lastcall.Run) (string, error) {
			return "", lastcall.Permanent(&lastcall.TaskError{Code: "no_such_page", Message: "page 7"})
		}, lastcall.Failed, "no_such_page", "page 7"},
		{"a panic is a failed attempt", func(context.Context, lastcall.Run) (string, error) {
			panic("at the disco")
		}, lastcall.Scheduled, lastcall.FailurePanic, "at the disco"},
		{"so is a goroutine that ends itself", func(context.Context, lastcall.Run) (string, error) {
			runtime.Goexit()
			return "", nil
		}, lastcall.Scheduled, lastcall.FailurePanic, "the handler ended its goroutine"},
		{"an output that is no JSON fails for good", func(context.Context, lastcall.Run) (string, error) {
			return "hello", nil
		}, lastcall.Failed, lastcall.FailureBadOutput, "the output is not JSON"},
		{"so does broken UTF-8", func(context.Context, lastcall.Run) (string, error) {
			return "\"\xff\"", nil
		}, lastcall.Failed, lastcall.FailureBadOutput, "the output is not JSON"},
		{"so does one that is deeper than any body", func(context.Context, lastcall.Run) (string, error) {
			return strings.Repeat("[", 64) + strings.Repeat("]", 64), nil
		}, lastcall.Failed, lastcall.FailureBadOutput, "the output is nested deeper than 63 levels"},
		{"and one as deep is none", func(context.Context, lastcall.Run) (string, error) {
			return strings.Repeat("[", 63) + strings.Repeat("]", 63), nil
		}, lastcall.Succeeded, "", ""},
		{"so does too much of it", func(context.Context, lastcall.Run) (string, error) {
			return `"` + strings.Repeat("x", 128) + `"`, nil
		}, lastcall.Failed, lastcall.FailureOutputLarge, "the output is 130 bytes long; the most is 128"},
		{"a message has an end", func(context.Context, lastcall.Run) (string, error) {
			return "", errors.New(strings.Repeat("x", 4095) + "é" + strings.Repeat("x", 1<<20))
		}, lastcall.Scheduled, lastcall.FailureError, strings.Repeat("x", 4095)},
		{"a hand-back of its own waits", func(context.Context, lastcall.Run) (string, error) {
			return "", lastcall.GiveBack(errors.New("busy"), 0)
		}, lastcall.Scheduled, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := types(kind("a", c.handler))
			o.Limits.Output = 128
			inShop(t, o, func(s *shop) {
				got := s.wants(s.store.add(1, "a")[0], c.status)
				e := lastcall.TaskError{}
				if got.Error != nil {
					e = *got.Error
				}
				if e.Code != c.code || e.Message != c.message {
					t.Errorf("error %q: %.60q, want %q: %.60q", e.Code, e.Message, c.code, c.message)
				}
				if len(s.Running()) != 0 {
					t.Errorf("%v still run", s.Running())
				}
			})
		})
	}
}

// G10: the stack is for the log, the client sees the panic's message alone.
func TestAPanicLogsItsStackAndTellsTheClientNone(t *testing.T) {
	var log bytes.Buffer
	o := types(kind("a", func(context.Context, lastcall.Run) (string, error) { panic("boom") }))
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	inShop(t, o, func(s *shop) {
		got := s.wants(s.store.add(1, "a")[0], lastcall.Scheduled)
		if got.Error.Message != "boom" {
			t.Errorf("the client is told %q", got.Error.Message)
		}
		if !strings.Contains(log.String(), "run_test.go") {
			t.Errorf("no stack in the log: %s", &log)
		}
	})
}

func TestAHandlerThatListensToItsTimeoutFailsWithIt(t *testing.T) {
	inShop(t, types(kind("a", listens)), func(s *shop) {
		own := s.store.add(1, "a", func(sub *lastcall.Submission) { sub.Timeout = time.Minute })[0]
		byType := s.store.add(1, "a")[0]
		s.pass(time.Minute)
		if got := s.wants(own, lastcall.Scheduled); got.Error.Code != lastcall.FailureTimeout {
			t.Errorf("error %+v", got.Error)
		}
		s.wants(byType, lastcall.Running)
		s.pass(time.Hour)
		if got := s.store.task(byType); got.Error == nil || got.Error.Code != lastcall.FailureTimeout {
			t.Errorf("error %+v", got.Error)
		}
	})
}

// G3: a handler that its node has given up may go on, but what it says is not written.
func TestAHandlerThatIgnoresItsTimeoutIsGivenUpAndItsSlotIsFree(t *testing.T) {
	var saidLate error
	ignores := func(_ context.Context, r lastcall.Run) (string, error) {
		time.Sleep(deafness)
		r.Progress(50, "late")
		saidLate = r.Checkpoint([]byte("late"))
		return `"late"`, nil
	}
	o := types(
		kind("deaf", ignores, lastcall.WithTimeout(time.Minute), lastcall.WithStopTimeout(3*time.Second)),
		kind("next", ready),
	)
	o.Concurrency = 1
	inShop(t, o, func(s *shop) {
		id := s.store.add(1, "deaf", func(sub *lastcall.Submission) { sub.MaxAttempts = 1 })[0]
		next := s.store.add(1, "next")[0]
		s.pass(time.Minute + 3*time.Second - 1)
		s.wants(id, lastcall.Running)
		s.pass(1)
		if got := s.wants(id, lastcall.Failed); got.Error.Code != lastcall.FailureTimeout {
			t.Errorf("error %+v", got.Error)
		}
		s.wants(next, lastcall.Succeeded)

		settles := len(s.store.settle)
		s.pass(deafness)
		if lastcall.CodeOf(saidLate) != lastcall.CodeLeaseLost {
			t.Errorf("a late checkpoint: %v, want lease_lost", saidLate)
		}
		if len(s.store.settle) != settles || s.store.calls["save"] != 0 {
			t.Error("a run that was given up reached the store")
		}
	})
}

func TestACancel(t *testing.T) {
	for _, c := range []struct {
		name    string
		handler handle
		after   time.Duration
		status  lastcall.Status
	}{
		{"ends a handler that listens at once", listens, 0, lastcall.Canceled},
		{"ends one that fails by then", func(ctx context.Context, _ lastcall.Run) (string, error) {
			<-ctx.Done()
			return "", errors.New("something else")
		}, 0, lastcall.Canceled},
		{"loses against a success that arrives anyway", func(ctx context.Context, _ lastcall.Run) (string, error) {
			<-ctx.Done()
			return `"done"`, nil
		}, 0, lastcall.Succeeded},
		{"waits the stop timeout for one that does not listen", deaf, 5 * time.Second, lastcall.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			inShop(t, types(kind("a", c.handler)), func(s *shop) {
				id := s.store.add(1, "a")[0]
				s.wants(id, lastcall.Running)
				if _, err := s.store.Cancel(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				if c.after > 0 {
					s.pass(c.after - 1)
					s.wants(id, lastcall.Running)
					s.pass(1)
				}
				s.wants(id, c.status)
				if o := s.store.settle[0]; c.after > 0 && o.Verdict != lastcall.Release {
					t.Errorf("a handler that says nothing has said %s", o.Verdict)
				}
			})
		})
	}
}

func TestACancelWhoseHintWasLostComesWithTheBeat(t *testing.T) {
	inShop(t, types(kind("a", listens)), func(s *shop) {
		ids := s.store.add(2, "a")
		s.store.hints = nil
		s.wants(ids[0], lastcall.Running)
		s.store.Cancel(t.Context(), ids[0])
		s.store.mu.Lock()
		s.store.stop = []lastcall.RunRef{{Task: ids[0], Run: 1}, {Task: ids[1], Run: 7}}
		s.store.mu.Unlock()
		s.pass(2 * time.Second)
		s.wants(ids[0], lastcall.Canceled)
		s.wants(ids[1], lastcall.Running) // that was another run
	})
}

// G3: what a handler has done is kept through an outage, and settled once.
func TestAnOutcomeIsSettledOnceTheStoreIsBack(t *testing.T) {
	for name, answerLost := range map[string]bool{"not done": false, "done, but the answer was lost": true} {
		t.Run(name, func(t *testing.T) {
			inShop(t, types(kind("a", ready)), func(s *shop) {
				back := time.Now().Add(time.Minute)
				away := func(call string) error {
					if call == "settle" && time.Now().Before(back) {
						return errAway()
					}
					return nil
				}
				if answerLost {
					s.store.after = away
				} else {
					s.store.before = away
				}
				id := s.store.add(1, "a")[0]
				s.pass(30 * time.Second)
				if s.Running()[0] != id {
					t.Error("given up while the store was away")
				}
				s.pass(time.Minute)
				s.wants(id, lastcall.Succeeded)
				if len(s.store.events) != 1 || len(s.Running()) != 0 {
					t.Errorf("events %v, running %v", s.store.events, s.Running())
				}
				if n := s.store.calls["settle"]; n > 60 {
					t.Errorf("settled %d times in a minute: no backoff", n)
				}
			})
		})
	}
}

func TestAnOutcomeOfARunThatIsNoLongerTheCurrentOneIsDropped(t *testing.T) {
	inShop(t, types(kind("a", lasts(time.Second))), func(s *shop) {
		id := s.store.add(1, "a")[0]
		s.wants(id, lastcall.Running)
		s.store.mu.Lock()
		s.store.tasks[id].Run = 9
		s.store.mu.Unlock()
		s.pass(2 * time.Second)
		s.wants(id, lastcall.Running)
		if s.store.calls["settle"] != 0 && len(s.Running()) != 0 {
			t.Error("not dropped")
		}
	})
}

func TestNewRefusesTypesThatCannotBeServed(t *testing.T) {
	for name, bad := range map[string][]lastcall.TaskType{
		"twice":      {kind("a", ready), kind("a", ready)},
		"no name":    {kind("", ready)},
		"no handler": {{Name: "a"}},
	} {
		if _, err := worker.New(newFakeStore(), types(bad...)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
