package handler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/handler"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeRun notes what a handler tells its run.
type fakeRun struct {
	lastcall.Run // what these handlers do not use: nil

	last        []byte // the checkpoint of an earlier run
	checkpoints []string
	progress    []string
	failing     error // what Checkpoint fails with
}

func (r *fakeRun) LastCheckpoint() []byte { return r.last }

func (r *fakeRun) Progress(percent float64, message string) {
	r.progress = append(r.progress, fmt.Sprintf("%.0f%% %s", percent, message))
}

func (r *fakeRun) Checkpoint(data []byte) error {
	r.checkpoints = append(r.checkpoints, string(data))
	return r.failing
}

// run runs a type in a bubble and says how long it took.
func run(ctx context.Context, t lastcall.TaskType, r *fakeRun, input string) (string, time.Duration, error) {
	start := time.Now()
	out, err := t.Handler.Handle(lastcall.WithRun(ctx, r), json.RawMessage(input))
	return string(out), time.Since(start), err
}

func TestEchoAnswersWithItsInput(t *testing.T) {
	out, _, err := run(t.Context(), handler.Echo(), &fakeRun{}, `{"any":["json"]}`)
	if out != `{"any":["json"]}` || err != nil {
		t.Errorf("got %s, %v", out, err)
	}
}

func TestSleepTakesItsTimeAndTellsEachStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeRun{}
		out, took, err := run(t.Context(), handler.Sleep(), r, `{"ms":1000,"steps":3}`)
		if out != `{"ms":1000,"steps":3}` || took != time.Second || err != nil {
			t.Errorf("got %s after %v, %v", out, took, err)
		}
		want := []string{"33% step 1 of 3", "67% step 2 of 3", "100% step 3 of 3"}
		if !slices.Equal(r.progress, want) {
			t.Errorf("progress %q, want %q", r.progress, want)
		}
	})
}

func TestSleepWithoutAWordSleepsTwoSecondsInTenSteps(t *testing.T) {
	for _, input := range []string{``, `null`, `{}`} {
		synctest.Test(t, func(t *testing.T) {
			r := &fakeRun{}
			out, took, err := run(t.Context(), handler.Sleep(), r, input)
			if out != `{"ms":2000,"steps":10}` || took != 2*time.Second || len(r.progress) != 10 || err != nil {
				t.Errorf("input %q: %s after %v in %d steps, %v", input, out, took, len(r.progress), err)
			}
		})
	}
}

// G10.
func TestSleepRefusesForGoodWhatItCannotSleep(t *testing.T) {
	for _, input := range []string{
		`{"ms":-1}`, `{"ms":86400001}`, `{"steps":0}`, `{"steps":10001}`, `{"ms":"long"}`, `{"ms":1e300}`, `[]`, `7`, `{`,
	} {
		_, _, err := run(t.Context(), handler.Sleep(), &fakeRun{}, input)
		o := lastcall.OutcomeOf(&lastcall.Task{}, nil, err, nil, lastcall.Backoff{}, 0)
		if err == nil || !o.Permanent || o.Error.Code != lastcall.FailureBadInput {
			t.Errorf("input %s: %v, outcome %+v", input, err, o)
		}
	}
}

// G4: a sleep that is handed back goes on where it was.
func TestSleepLeavesItsPlaceWhenItsContextEndsAndGoesOnThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancelCause(t.Context())
		time.AfterFunc(650*time.Millisecond, func() { end(lastcall.ErrDraining) })
		r := &fakeRun{}
		_, took, err := run(ctx, handler.Sleep(), r, `{"ms":1000,"steps":10}`)
		if took != 650*time.Millisecond || !errors.Is(err, lastcall.ErrDraining) {
			t.Fatalf("returned %v after %v", err, took)
		}
		if !slices.Equal(r.checkpoints, []string{`{"step":6}`}) {
			t.Fatalf("checkpoints %q", r.checkpoints)
		}
		next := &fakeRun{last: []byte(r.checkpoints[0])}
		_, took, err = run(t.Context(), handler.Sleep(), next, `{"ms":1000,"steps":10}`)
		if took != 400*time.Millisecond || err != nil || next.progress[0] != "70% step 7 of 10" {
			t.Errorf("the next run took %v and began with %q, %v", took, next.progress[0], err)
		}
	})
}

// G9: after a crash a long sleep has lost about a second.
func TestSleepWritesItsPlaceDownEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &fakeRun{failing: lastcall.Errorf(lastcall.CodeStoreUnavailable, "away")}
		if _, _, err := run(t.Context(), handler.Sleep(), r, `{"ms":3000,"steps":30}`); err != nil {
			t.Errorf("a checkpoint that failed has failed the task: %v", err)
		}
		if !slices.Equal(r.checkpoints, []string{`{"step":10}`, `{"step":20}`}) {
			t.Errorf("checkpoints %q", r.checkpoints)
		}
	})
}

func TestSleepBeginsAnewWhereThePlaceMakesNoSense(t *testing.T) {
	for _, last := range []string{`{"step":-1}`, `{"step":11}`, `nonsense`} {
		synctest.Test(t, func(t *testing.T) {
			_, took, err := run(t.Context(), handler.Sleep(), &fakeRun{last: []byte(last)}, `{"ms":1000,"steps":10}`)
			if took != time.Second || err != nil {
				t.Errorf("from %s: took %v, %v", last, took, err)
			}
		})
	}
}

func TestSleepSaysBothWhyItStopsAndThatItsPlaceIsLost(t *testing.T) {
	ctx, end := context.WithCancelCause(t.Context())
	end(lastcall.ErrDraining)
	away := lastcall.Errorf(lastcall.CodeStoreUnavailable, "away")
	_, _, err := run(ctx, handler.Sleep(), &fakeRun{failing: away}, `{}`)
	if !errors.Is(err, lastcall.ErrDraining) || !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
}
