package lastcall

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Handler runs the tasks of a type. Its context ends when it must stop; context.Cause says why: ErrDraining,
// ErrCanceled, ErrLeaseLost or context.DeadlineExceeded. RunFrom(ctx) gives it its run.
//
// What it returns becomes the outcome. A nil error is a success, also after the context has ended. Any other is a failed
// attempt, tried again after a backoff, unless it is wrapped by Permanent, RetryAfter or GiveBack. After ErrDraining
// every error that is not permanent hands the task back, at no cost (G4); after ErrCanceled every error ends it as
// canceled. A *TaskError in the chain sets the code, message and detail that the client sees; without one the error's
// text is the message.
type Handler interface {
	Handle(ctx context.Context, input json.RawMessage) (output json.RawMessage, err error)
}

// HandlerFunc is a function as a Handler.
type HandlerFunc func(ctx context.Context, input json.RawMessage) (json.RawMessage, error)

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
	return f(ctx, input)
}

// TaskType is a type of task and how it is run. The zero value of every setting stands for its default.
type TaskType struct {
	Name        string
	Handler     Handler
	Pull        bool          // workers outside lease its tasks: it has no Handler, and no node claims them
	Queue       string        // where its submits go that name none; "default"
	Concurrency int           // runs at a time on a node; the node's
	Timeout     time.Duration // of one attempt; 1 h
	StopTimeout time.Duration // between the end of its context and its being given up; 5 s
	MaxAttempts int           // 5
	Backoff     Backoff
}

// Registrar takes task types: a server does.
type Registrar interface {
	// Register adds a type. A mistake (a name given twice, a nil handler) is kept and fails the server's start.
	Register(t TaskType)
}

// TypeOption sets one thing of a TaskType.
type TypeOption func(*TaskType)

// WithQueue names the queue of submits that name none.
func WithQueue(name string) TypeOption { return func(t *TaskType) { t.Queue = name } }

// WithConcurrency bounds how many runs of the type go on at a time on a node.
func WithConcurrency(n int) TypeOption { return func(t *TaskType) { t.Concurrency = n } }

// WithTimeout bounds an attempt.
func WithTimeout(d time.Duration) TypeOption { return func(t *TaskType) { t.Timeout = d } }

// WithStopTimeout is how long a handler may take to return after its context has ended.
func WithStopTimeout(d time.Duration) TypeOption { return func(t *TaskType) { t.StopTimeout = d } }

// WithMaxAttempts bounds the attempts, the first one included.
func WithMaxAttempts(n int) TypeOption { return func(t *TaskType) { t.MaxAttempts = n } }

// WithBackoff sets the wait between attempts.
func WithBackoff(b Backoff) TypeOption { return func(t *TaskType) { t.Backoff = b } }

// Handle registers fn as the handler of a type. The input is decoded into an In, the Out it returns encoded as the
// output. An input that is no In fails the task for good, with the code bad_input.
func Handle[In, Out any](r Registrar, name string, fn func(ctx context.Context, in In) (Out, error), opts ...TypeOption) {
	t := TaskType{Name: name, Handler: typed[In, Out](fn)}
	for _, o := range opts {
		o(&t)
	}
	r.Register(t)
}

type typed[In, Out any] func(ctx context.Context, in In) (Out, error)

func (f typed[In, Out]) Handle(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
	var in In
	if err := json.Unmarshal(input, &in); err != nil {
		return nil, Permanent(&TaskError{Code: FailureBadInput, Message: badInput(err)})
	}
	out, err := f(ctx, in)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil, Permanent(&TaskError{Code: FailureBadOutput, Message: err.Error()})
	}
	return b, nil
}

// badInput says what is wrong with an input in the words of JSON: the client knows nothing of Go's types.
func badInput(err error) string {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	if !ok {
		return err.Error()
	}
	return fmt.Sprintf("%s cannot be a %s", cmp.Or(wrong.Field, "the input"), wrong.Value)
}

// Permanent wraps err so that the task fails for good.
func Permanent(err error) error { return &verdictError{err: err, permanent: true} }

// RetryAfter wraps err so that the next attempt waits d rather than the backoff.
func RetryAfter(err error, d time.Duration) error { return &verdictError{err: err, wait: &d} }

// GiveBack wraps err so that the task is handed back, at no cost in attempts, and waits at least d. With d 0 the wait
// grows from 1 s to 60 s with the number of interruptions.
func GiveBack(err error, d time.Duration) error {
	return &verdictError{err: err, wait: &d, giveBack: true}
}

// verdictError is an error with a wish for what becomes of the task.
type verdictError struct {
	err       error
	permanent bool
	giveBack  bool
	wait      *time.Duration
}

func (e *verdictError) Error() string {
	if e.err == nil {
		return "no reason given"
	}
	return e.err.Error()
}

func (e *verdictError) Unwrap() error { return e.err }

// OutcomeOf turns what a handler returned into the outcome of a run of t, following the rules that Handler states;
// cause is why its context had ended by then, nil if it had not. Jitter is a number from [0, 1).
func OutcomeOf(t *Task, output json.RawMessage, err, cause error, b Backoff, jitter float64) Outcome {
	o := Outcome{Task: t.ID, Run: t.Run}
	if err == nil {
		o.Verdict, o.Output = Succeed, output
		return o
	}
	v := &verdictError{}
	errors.As(err, &v)
	o.Permanent = v.permanent
	switch {
	case errors.Is(cause, ErrDraining) && !v.permanent:
		o.Verdict, o.Reason = Release, ReleaseDrain
		return o
	case v.giveBack:
		o.Verdict, o.Reason = Release, ReleaseHandler
		o.Wait = max(*v.wait, time.Duration(0))
		if o.Wait == 0 {
			o.Wait = GiveBackWait(t.Interruptions)
		}
		return o
	}
	o.Verdict, o.Error = Fail, taskError(err, cause)
	o.Wait = b.After(t.Attempt, jitter)
	if v.wait != nil {
		o.Wait = max(*v.wait, 0)
	}
	return o
}

// taskError is what the client is shown of err.
func taskError(err, cause error) *TaskError {
	if te := (*TaskError)(nil); errors.As(err, &te) && te != nil {
		c := *te
		if c.Code == "" {
			c.Code = FailureError
		}
		if !json.Valid(c.Detail) {
			c.Detail = nil
		}
		return &c
	}
	if errors.Is(cause, context.DeadlineExceeded) {
		return &TaskError{Code: FailureTimeout, Message: "the attempt ran longer than its timeout"}
	}
	return &TaskError{Code: FailureError, Message: fmt.Sprint(err)}
}
