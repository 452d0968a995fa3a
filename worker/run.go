package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// run is one start of a task on this node, and the lastcall.Run that its handler sees.
type run struct {
	w           *Worker
	task        lastcall.Task
	typ         *lastcall.TaskType
	incarnation string // under whose lease
	unfit       error  // why it is not started; nil if it is

	ctx    context.Context // what the handler's derives from, less the timeout
	end    context.CancelCauseFunc
	result chan result // buffer of 1: a handler that nobody waits for any more can still leave

	tail tail

	mu     sync.Mutex
	over   bool               // the run may write nothing any more
	latest *lastcall.Progress // not yet written
	last   *lastcall.Progress // written or not
	news   chan struct{}      // wakes the saver; nil before there is anything to save
	closed chan struct{}      // closed when over is set
}

// result is what came of a handler.
type result struct {
	output  []byte
	err     error
	cause   error // why its context had ended by the time it returned; nil if it had not
	givenUp bool  // it has not returned
}

var (
	errGoexit  = errors.New("the handler ended its goroutine")
	errGivenUp = errors.New("the handler did not return in time")
	errNoType  = errors.New("no such type here")
	errAgain   = errors.New("was handed back by this node, which is stopping")
)

// admit makes a run of a task that was claimed: it takes a slot and is under way from now on. The mutex is held; the
// caller hands what it gets to watchOver.
func (w *Worker) admit(t lastcall.Task, incarnation string) *run {
	r := &run{
		w: w, task: t, typ: w.types[t.Type], incarnation: incarnation,
		result: make(chan result, 1), closed: make(chan struct{}),
	}
	r.ctx, r.end = context.WithCancelCause(context.Background())
	r.unfit = w.unfit(r)
	w.slots.take(&t)
	w.runs[r.ref()] = r
	w.underway++
	return r
}

// unfit says why a task that was claimed cannot be started. The mutex is held.
func (w *Worker) unfit(r *run) error {
	_, again := w.released[r.task.ID]
	switch {
	case r.incarnation != w.incarnation: // lost while the answer was on its way: the store has taken the task back
		return lastcall.ErrLeaseLost
	case w.handingBack: // its claim was under way when the hand-back began
		return lastcall.ErrDraining
	case r.typ == nil:
		return lastcall.GiveBack(errNoType, 0)
	case again:
		return lastcall.GiveBack(errAgain, 0)
	}
	return nil
}

// watchOver starts runs. Each has a goroutine that waits for its handler, as long as it may take, settles, and ends;
// HandBack waits for these, through underway.
func (w *Worker) watchOver(runs []*run) {
	for _, r := range runs {
		go w.watch(r)
	}
}

// watch sees a run through, from its start to the moment when nothing is left to say of it. The order matters: first the
// run may write nothing more, then its slot is free, then its outcome is settled, and only then is it off the books.
func (w *Worker) watch(r *run) {
	begin := time.Now()
	res := result{err: r.unfit, cause: r.unfit}
	if r.unfit == nil {
		res = w.await(r)
	} else {
		w.log.Warn("task not started", r.attrs("why", r.unfit)...)
	}
	r.close()
	took := time.Since(begin)
	freed := w.returned(r)
	o, believed := w.outcome(r, res)
	var settled *lastcall.Task
	if believed {
		settled = w.settle(r, &o)
	}
	if settled != nil {
		w.o.Settled(r.task.Type, settled.Status, took)
	}
	w.finish(r, freed, &o, settled, res.givenUp)
}

// await runs the handler and waits for it: for ever while its context lives, for the stop timeout once that has ended,
// and no longer than a hand-back allows.
func (w *Worker) await(r *run) result {
	timeout := r.task.Timeout
	fill(&timeout, r.typ.Timeout)
	ctx, cancel := context.WithTimeout(r.ctx, timeout)
	defer cancel()
	go r.call(ctx) // ends when the handler returns
	select {
	case res := <-r.result:
		return res
	case <-ctx.Done():
	}
	patience := time.NewTimer(r.typ.StopTimeout)
	defer patience.Stop()
	select {
	case res := <-r.result:
		return res
	case <-patience.C:
	case <-w.cut:
	}
	select { // a result that came at the same moment counts
	case res := <-r.result:
		return res
	default:
	}
	cause := context.Cause(ctx)
	w.log.Warn("handler did not return; its goroutine is left behind", r.attrs("cause", cause)...)
	return result{err: errGivenUp, cause: cause, givenUp: true}
}

// call runs the handler and leaves its result. It ends when the handler returns, for which watch waits until it gives
// up: see the package comment.
func (r *run) call(ctx context.Context) {
	res := result{err: &lastcall.TaskError{Code: lastcall.FailurePanic, Message: errGoexit.Error()}}
	defer func() {
		if v := recover(); v != nil {
			res.err = &lastcall.TaskError{Code: lastcall.FailurePanic, Message: fmt.Sprint(v)}
			// The stack is for the operator: it names files and arguments that are no client's business.
			r.w.log.Error("handler panicked", r.attrs("panic", v, "stack", string(debug.Stack()))...)
		}
		res.cause = context.Cause(ctx)
		r.result <- res
	}()
	res.output, res.err = r.typ.Handler.Handle(lastcall.WithRun(ctx, r), r.task.Input)
}

// outcome is what to settle, false if there is nothing to say because the run is not ours any more.
func (w *Worker) outcome(r *run, res result) (lastcall.Outcome, bool) {
	if errors.Is(res.cause, lastcall.ErrLeaseLost) {
		return lastcall.Outcome{}, false
	}
	err := res.err
	switch {
	case res.givenUp && errors.Is(res.cause, lastcall.ErrCanceled):
		// The handler has said nothing, so nothing is said in its name: where the cancel stands, in the store, a
		// release is the end of the task.
		err = lastcall.GiveBack(err, 0)
	case err == nil:
		err = w.checkOutput(res.output)
	}
	var backoff lastcall.Backoff
	if r.typ != nil {
		backoff = r.typ.Backoff
	}
	o := lastcall.OutcomeOf(&r.task, res.output, err, res.cause, backoff, rand.Float64())
	w.clip(o.Error)
	o.Progress, o.Log = r.lastWord(), r.tail.all()
	return o, true
}

// returned notes that the handler is not at work any more, and lets the next claim set out if that gives a slot.
func (w *Worker) returned(r *run) (freed bool) {
	w.mu.Lock()
	freed = w.slots.returned(&r.task)
	w.mu.Unlock()
	if freed {
		notify(w.wake)
	}
	return freed
}

// finish lets go of a run, and tells whoever waits for that.
func (w *Worker) finish(r *run, freed bool, o *lastcall.Outcome, settled *lastcall.Task, givenUp bool) {
	r.end(nil)
	w.mu.Lock()
	delete(w.runs, r.ref())
	w.slots.settled(&r.task, freed)
	w.count(o, settled, givenUp)
	w.endOne()
	w.mu.Unlock()
	notify(w.wake)
	w.o.Changed()
}

// count keeps the totals of the drain's report, and in mind what was released since the early word. The mutex is held.
func (w *Worker) count(o *lastcall.Outcome, settled *lastcall.Task, givenUp bool) {
	switch {
	case settled == nil:
		if w.handingBack && w.hands.Err() != nil {
			w.counts.unsettled++
		}
		return
	case settled.Status.Done():
		w.counts.finished++
	case o.Verdict != lastcall.Release || !w.handingBack:
	case givenUp:
		w.counts.fenced++
	default:
		w.counts.handedBack++
	}
	if o.Verdict == lastcall.Release && w.hadEarlyWord() {
		w.released[settled.ID] = struct{}{}
	}
}

func (r *run) ref() lastcall.RunRef { return lastcall.RunRef{Task: r.task.ID, Run: r.task.Run} }

// attrs names the run in a log line.
func (r *run) attrs(more ...any) []any {
	return append([]any{"task", r.task.ID, "type", r.task.Type, "run", r.task.Run}, more...)
}
