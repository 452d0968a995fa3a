package lease

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lastcall-dev/lastcall"
)

// maxMessage is how many bytes of an error's or a progress message are kept, as of those of a node's own handlers.
const maxMessage = 4 << 10

// Renewal is what a worker says while it goes on. What is nil leaves what is there.
type Renewal struct {
	Progress   *lastcall.Progress // its time is the store's
	Checkpoint []byte
}

// Renewed is the answer.
type Renewed struct {
	ExpiresAt       time.Time
	CancelRequested bool // the task's end was asked for: stop, and release or fail it
	Draining        bool // the node stops: another one will do for the next call
}

// Renew keeps a lease for as long again as was asked for at first. It fails with CodeLeaseLost when the run is no longer
// the worker's, whatever it says then.
func (l *Lessor) Renew(ctx context.Context, id, tok string, r Renewal) (Renewed, error) {
	t, err := parseToken(tok)
	if err != nil {
		return Renewed{}, err
	}
	if err := l.checkCheckpoint(r.Checkpoint); err != nil {
		return Renewed{}, err
	}
	note := lastcall.Note{Task: id, Run: t.run, Checkpoint: r.Checkpoint}
	if p := r.Progress; p != nil {
		note.Progress = &lastcall.Progress{Percent: min(max(p.Percent, 0), 100), Message: clip(p.Message, maxMessage)}
	}
	kept, err := l.store.Renew(ctx, lastcall.Renewal{Note: note, Holder: t.holder, Length: t.ttl})
	if err != nil {
		return Renewed{}, lost(err)
	}
	l.o.Renewed(kept.Task.Type)
	return Renewed{
		ExpiresAt: kept.ExpiresAt, CancelRequested: kept.Task.CancelRequestedAt != nil, Draining: l.o.Draining(),
	}, nil
}

// Complete ends the task with its output. One that is over the limit fails the task for good, as it does a handler's.
func (l *Lessor) Complete(ctx context.Context, id, tok string, output json.RawMessage) (lastcall.Task, error) {
	o := lastcall.Outcome{Task: id, Verdict: lastcall.Succeed, Output: output}
	if e := l.badOutput(output); e != nil {
		o = lastcall.Outcome{Task: id, Verdict: lastcall.Fail, Error: e, Permanent: true}
	}
	return l.settle(ctx, tok, &o)
}

// badOutput says what is wrong with an output, nil if nothing is.
func (l *Lessor) badOutput(output []byte) *lastcall.TaskError {
	switch {
	case len(output) > l.o.Limits.Output:
		return &lastcall.TaskError{
			Code:    lastcall.FailureOutputLarge,
			Message: fmt.Sprintf("the output is %d bytes long; the most is %d", len(output), l.o.Limits.Output),
		}
	case len(output) > 0 && (!json.Valid(output) || !utf8.Valid(output)):
		return &lastcall.TaskError{Code: lastcall.FailureBadOutput, Message: "the output is not JSON"}
	}
	return nil
}

// Failure is an attempt that failed.
type Failure struct {
	Error      lastcall.TaskError
	RetryAfter *time.Duration // instead of the backoff of the task's type
	Permanent  bool           // do not try again
}

// Fail ends the attempt. The next one waits for as long as the type's backoff says, where this node knows the type, and by
// the defaults elsewhere.
func (l *Lessor) Fail(ctx context.Context, id, tok string, f Failure) (lastcall.Task, error) {
	e := f.Error
	e.Code = cmp.Or(clip(e.Code, l.o.Limits.Name), lastcall.FailureError)
	e.Message = clip(e.Message, maxMessage)
	if len(e.Detail) > l.o.Limits.Output {
		e.Detail = nil
	}
	o := lastcall.Outcome{Task: id, Verdict: lastcall.Fail, Error: &e, Permanent: f.Permanent}
	if f.RetryAfter != nil {
		o.Wait = max(*f.RetryAfter, 0)
		return l.settle(ctx, tok, &o)
	}
	t, err := l.store.Task(ctx, id)
	if err != nil {
		return t, lost(err)
	}
	o.Wait = l.types[t.Type].Backoff.After(t.Attempt, rand.Float64())
	return l.settle(ctx, tok, &o)
}

// AtOnce is no wait.
const AtOnce time.Duration = 0

// Release gives the task back unfinished, at no cost in attempts: at once, as a worker does that is told to stop, or, by
// its own wish, not before a while has passed.
func (l *Lessor) Release(ctx context.Context, id, tok string, checkpoint []byte, retryAfter time.Duration) (lastcall.Task, error) {
	if err := l.checkCheckpoint(checkpoint); err != nil {
		return lastcall.Task{}, err
	}
	o := lastcall.Outcome{Task: id, Verdict: lastcall.Release, Reason: lastcall.ReleaseDrain, Checkpoint: checkpoint}
	if retryAfter > 0 {
		o.Reason, o.Wait = lastcall.ReleaseHandler, retryAfter
	}
	return l.settle(ctx, tok, &o)
}

// settle records an outcome for whoever has the token.
func (l *Lessor) settle(ctx context.Context, tok string, o *lastcall.Outcome) (lastcall.Task, error) {
	t, err := parseToken(tok)
	if err != nil {
		return lastcall.Task{}, err
	}
	o.Run, o.Holder = t.run, t.holder
	task, err := l.store.Settle(ctx, *o)
	if err != nil {
		return task, lost(err)
	}
	l.o.Settled(task.Type, task.Status, took(&task))
	return task, nil
}

// took is how long the run was out.
func took(t *lastcall.Task) time.Duration {
	switch {
	case t.StartedAt == nil:
		return 0
	case t.FinishedAt != nil:
		return t.FinishedAt.Sub(*t.StartedAt)
	}
	return max(time.Since(*t.StartedAt), 0)
}

func (l *Lessor) checkCheckpoint(data []byte) error {
	if most := l.o.Limits.Checkpoint; len(data) > most {
		return lastcall.Errorf(lastcall.CodeTooLarge, fmt.Sprintf("the checkpoint is %d bytes long; the most is %d", len(data), most))
	}
	return nil
}

// lost makes the store's not_found a lost lease: whoever speaks of a task that is not there, forgotten or made up, holds
// nothing, and has to be told but one thing.
func lost(err error) error {
	if lastcall.CodeOf(err) == lastcall.CodeNotFound {
		return errLost()
	}
	return err
}

// clip is s as valid UTF-8 of at most n bytes.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n] // a rune that this cuts in two is no longer valid
	}
	return strings.ToValidUTF8(s, "")
}
