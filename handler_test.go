package lastcall_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lastcall-dev/lastcall"
)

// The rules of Handler's comment, one by one. The task is at its third attempt with two interruptions: the backoff at
// most is 4 s, half of which the jitter takes, and a give-back waits 4 s.
func TestTheOutcomeOfWhatAHandlerReturned(t *testing.T) {
	plain := errors.New("no luck")
	own := &lastcall.TaskError{Code: "own", Message: "my words", Detail: json.RawMessage(`[1]`)}
	failed := func(code, message string, detail string) *lastcall.TaskError {
		e := &lastcall.TaskError{Code: code, Message: message}
		if detail != "" {
			e.Detail = json.RawMessage(detail)
		}
		return e
	}
	retry := func(e *lastcall.TaskError) lastcall.Outcome {
		return lastcall.Outcome{Verdict: lastcall.Fail, Error: e, Wait: 2 * time.Second}
	}
	one := lastcall.Outcome{Verdict: lastcall.Succeed, Output: json.RawMessage(`1`)}
	timeout := failed("timeout", "the attempt ran longer than its timeout", "")
	atOnce := lastcall.Outcome{Verdict: lastcall.Fail, Error: failed("failed", "no luck", "")}
	drained := lastcall.Outcome{Verdict: lastcall.Release, Reason: lastcall.ReleaseDrain}
	for name, c := range map[string]struct {
		output string
		err    error
		cause  error
		want   lastcall.Outcome
	}{
		"a nil error is a success":               {`1`, nil, nil, one},
		"… also after a drain":                   {`1`, nil, lastcall.ErrDraining, one},
		"… also after a cancel":                  {`1`, nil, lastcall.ErrCanceled, one},
		"… also after the timeout":               {`1`, nil, context.DeadlineExceeded, one},
		"an error is a failed attempt":           {``, plain, nil, retry(failed("failed", "no luck", ""))},
		"its output is dropped":                  {`1`, plain, nil, retry(failed("failed", "no luck", ""))},
		"a TaskError sets what the client sees":  {``, fmt.Errorf("wrapped: %w", own), nil, retry(failed("own", "my words", "[1]"))},
		"… its code has a default":               {``, &lastcall.TaskError{Message: "m"}, nil, retry(failed("failed", "m", ""))},
		"… a detail that is no JSON is left out": {``, &lastcall.TaskError{Code: "c", Detail: json.RawMessage("{")}, nil, retry(failed("c", "", ""))},
		"permanent fails for good": {``, lastcall.Permanent(plain), nil, lastcall.Outcome{
			Verdict: lastcall.Fail, Permanent: true, Error: failed("failed", "no luck", ""), Wait: 2 * time.Second,
		}},
		"… wrapped again, too": {``, fmt.Errorf("render: %w", lastcall.Permanent(own)), nil, lastcall.Outcome{
			Verdict: lastcall.Fail, Permanent: true, Error: failed("own", "my words", "[1]"), Wait: 2 * time.Second,
		}},
		"… also during a drain": {``, lastcall.Permanent(plain), lastcall.ErrDraining, lastcall.Outcome{
			Verdict: lastcall.Fail, Permanent: true, Error: failed("failed", "no luck", ""), Wait: 2 * time.Second,
		}},
		"retry after waits as long": {``, lastcall.RetryAfter(plain, time.Hour), nil, lastcall.Outcome{
			Verdict: lastcall.Fail, Error: failed("failed", "no luck", ""), Wait: time.Hour,
		}},
		"… or not at all": {``, lastcall.RetryAfter(plain, 0), nil, atOnce},
		"… never back":    {``, lastcall.RetryAfter(plain, -time.Hour), nil, atOnce},
		"a give-back waits as long": {``, lastcall.GiveBack(plain, time.Hour), nil, lastcall.Outcome{
			Verdict: lastcall.Release, Reason: lastcall.ReleaseHandler, Wait: time.Hour,
		}},
		"… or longer with each interruption": {``, lastcall.GiveBack(nil, 0), nil, lastcall.Outcome{
			Verdict: lastcall.Release, Reason: lastcall.ReleaseHandler, Wait: 4 * time.Second,
		}},
		"an error in a drain hands back (G4)":       {``, plain, lastcall.ErrDraining, drained},
		"… the context's own, too":                  {``, context.Canceled, lastcall.ErrDraining, drained},
		"… a give-back and a retry, at once":        {``, lastcall.GiveBack(plain, time.Hour), lastcall.ErrDraining, drained},
		"… a retry after, too":                      {``, lastcall.RetryAfter(plain, time.Hour), lastcall.ErrDraining, drained},
		"after the timeout the code says so":        {``, context.DeadlineExceeded, context.DeadlineExceeded, retry(timeout)},
		"… unless the handler's own word is better": {``, own, context.DeadlineExceeded, retry(failed("own", "my words", "[1]"))},
		"a deadline of the handler's own is none":   {``, context.DeadlineExceeded, nil, retry(failed("failed", "context deadline exceeded", ""))},
	} {
		task := &lastcall.Task{ID: "ID", Run: 7, Attempt: 3, Interruptions: 2}
		var output json.RawMessage
		if c.output != "" {
			output = json.RawMessage(c.output)
		}
		c.want.Task, c.want.Run = "ID", 7
		got := lastcall.OutcomeOf(task, output, c.err, c.cause, lastcall.Backoff{}, 0.5)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// "After ErrCanceled every error ends it as canceled": whatever the outcome, the settle of a task whose end was asked
// for makes it so.
func TestAfterACancelEveryErrorEndsAsCanceled(t *testing.T) {
	plain := errors.New("stopped")
	for _, err := range []error{plain, lastcall.Permanent(plain), lastcall.RetryAfter(plain, 0), lastcall.GiveBack(plain, 0)} {
		task := taskIn(lastcall.Running)
		task.Cancel(noon)
		o := lastcall.OutcomeOf(&task, nil, err, lastcall.ErrCanceled, lastcall.Backoff{}, 0)
		if mustSettle(t, &task, o); task.Status != lastcall.Canceled {
			t.Errorf("%v (%s) after a cancel ends as %s", err, o.Verdict, task.Status)
		}
	}
}

func TestAHandlersErrorIsNotChangedByItsOutcome(t *testing.T) {
	shared := &lastcall.TaskError{Message: "m", Detail: json.RawMessage("no JSON")}
	before := *shared
	task := taskIn(lastcall.Running)
	o := lastcall.OutcomeOf(&task, nil, shared, nil, lastcall.Backoff{}, 0)
	mustSettle(t, &task, o)
	if !reflect.DeepEqual(*shared, before) {
		t.Errorf("the handler's own error, which it may return many times, became %+v", shared)
	}
}

func TestTheWrappersKeepTheErrorWithin(t *testing.T) {
	plain := errors.New("no luck")
	for _, err := range []error{lastcall.Permanent(plain), lastcall.RetryAfter(plain, 1), lastcall.GiveBack(plain, 1)} {
		if !errors.Is(err, plain) || err.Error() != "no luck" {
			t.Errorf("%v does not wrap its error", err)
		}
	}
	if got := lastcall.GiveBack(nil, 0).Error(); got == "" {
		t.Error("a give-back without a reason has no text")
	}
}

type registered []lastcall.TaskType

func (r *registered) Register(t lastcall.TaskType) { *r = append(*r, t) }

type picture struct {
	URL string `json:"url"`
}

func TestATypedHandlerDecodesAndEncodes(t *testing.T) {
	var r registered
	lastcall.Handle(&r, "render", func(_ context.Context, in struct{ Page int }) (picture, error) {
		if in.Page < 0 {
			return picture{}, lastcall.GiveBack(nil, time.Second)
		}
		return picture{URL: fmt.Sprint("p", in.Page)}, nil
	}, lastcall.WithQueue("slow"), lastcall.WithConcurrency(4), lastcall.WithTimeout(time.Minute),
		lastcall.WithStopTimeout(time.Second), lastcall.WithMaxAttempts(2), lastcall.WithBackoff(lastcall.Backoff{Base: 1, Max: 2}))
	got := r[0]
	h := got.Handler
	got.Handler = nil
	want := lastcall.TaskType{
		Name: "render", Queue: "slow", Concurrency: 4, Timeout: time.Minute, StopTimeout: time.Second, MaxAttempts: 2,
		Backoff: lastcall.Backoff{Base: 1, Max: 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("registered (-want +got):\n%s", diff)
	}
	for input, want := range map[string]string{
		`{"Page":3}`: `{"url":"p3"} <nil>`, `null`: `{"url":"p0"} <nil>`, `{"Page":-1}`: ` no reason given`,
	} {
		output, err := h.Handle(t.Context(), json.RawMessage(input))
		if got := fmt.Sprintf("%s %v", output, err); got != want {
			t.Errorf("the input %s gives %q, want %q", input, got, want)
		}
	}
}

// Bad input is the task's fault for good, bad output the handler's: trying again would not help either (G10).
func TestATypedHandlerFailsForGoodOnWhatIsNoJSON(t *testing.T) {
	var r registered
	lastcall.Handle(&r, "a", func(_ context.Context, in int) (any, error) { return func() {}, nil })
	for input, code := range map[string]string{`"x"`: lastcall.FailureBadInput, `{`: lastcall.FailureBadInput, `1`: lastcall.FailureBadOutput} {
		_, err := r[0].Handler.Handle(t.Context(), json.RawMessage(input))
		o := lastcall.OutcomeOf(&lastcall.Task{Attempt: 1}, nil, err, nil, lastcall.Backoff{}, 0)
		if o.Verdict != lastcall.Fail || !o.Permanent || o.Error.Code != code {
			t.Errorf("the input %s gives %+v, want %s for good", input, o, code)
		}
	}
}

type someRun struct{ lastcall.Run }

func TestAHandlerFindsItsRunInItsContext(t *testing.T) {
	run := &someRun{}
	if got := lastcall.RunFrom(lastcall.WithRun(t.Context(), run)); got != run {
		t.Errorf("the run of the context is %v", got)
	}
	if got := lastcall.RunFrom(t.Context()); got != nil {
		t.Errorf("a context without a run has %v", got)
	}
	f := lastcall.HandlerFunc(func(ctx context.Context, in json.RawMessage) (json.RawMessage, error) { return in, ctx.Err() })
	if out, err := f.Handle(t.Context(), json.RawMessage(`1`)); string(out) != `1` || err != nil {
		t.Errorf("a function as a handler returned %s, %v", out, err)
	}
}
