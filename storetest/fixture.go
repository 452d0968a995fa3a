package storetest

import (
	"cmp"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// fixture is the ground that a case stands on: data of its own, a handle that stays open to the end, and as many more
// as the case asks for.
type fixture struct {
	testing.TB
	store lastcall.Store
	ctx   context.Context // of the test: every call is made under it

	open     Open
	name     string
	janitor  *node // sweeps for everybody; joined when it is first needed
	patience time.Duration
}

// patience is how long a case waits for what must come in the end. It is far beyond what any store needs, so that a busy
// machine fails no case.
const patience = 30 * time.Second

func newFixture(tb testing.TB, open Open, name string) *fixture {
	tb.Helper()
	f := &fixture{TB: tb, open: open, name: name, ctx: tb.Context(), patience: patience}
	f.store = f.handle()
	return f
}

// handle is a handle that is closed exactly once: by the case, or else at its end, however that comes.
type handle struct {
	lastcall.Store
	close func() error
}

func (h *handle) Close() error { return h.close() }

// handle opens one more handle on the case's data. A case that closes it lets its nodes die.
func (f *fixture) handle() lastcall.Store {
	f.Helper()
	s := f.open(f.TB, f.name)
	if s == nil {
		f.Fatal("the store under test gave no handle")
	}
	h := &handle{s, sync.OnceValue(s.Close)}
	f.Cleanup(func() {
		if err := h.Close(); err != nil {
			f.Errorf("close: %v", err)
		}
	})
	return h
}

// eventually asks until the answer is yes, and fails the case when it never is.
func (f *fixture) eventually(what string, ask func() bool) {
	f.Helper()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(f.patience)
	for !ask() {
		select {
		case <-again.C:
		case <-deadline:
			f.Fatalf("waited %s in vain until %s", f.patience, what)
		}
	}
}

// must fails the case when a call that has to succeed did not.
func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatalf("unexpected error: %v", err)
	}
}

// wantCode fails the case unless err has the code.
func (f *fixture) wantCode(err error, code lastcall.Code) {
	f.Helper()
	if got := lastcall.CodeOf(err); err == nil || got != code {
		f.Fatalf("got the error %v (code %q), want the code %q", err, got, code)
	}
}

// submit submits and gives back the tasks, which must all be new ones.
func (f *fixture) submit(s ...lastcall.Submission) []lastcall.Task {
	f.Helper()
	answer, err := f.store.Submit(f.ctx, s)
	f.must(err)
	if len(answer) != len(s) {
		f.Fatalf("%d submissions were answered with %d tasks", len(s), len(answer))
	}
	tasks := make([]lastcall.Task, len(answer))
	for i, a := range answer {
		if a.Replayed {
			f.Fatalf("submission %d was answered as a repeat: %+v", i, a)
		}
		tasks[i] = a.Task
	}
	return tasks
}

// submitOne submits one task.
func (f *fixture) submitOne(s lastcall.Submission) lastcall.Task {
	f.Helper()
	return f.submit(s)[0]
}

// submitMany submits n tasks alike.
func (f *fixture) submitMany(n int, s lastcall.Submission) []lastcall.Task {
	f.Helper()
	all := make([]lastcall.Submission, n)
	for i := range all {
		all[i] = s
	}
	return f.submit(all...)
}

// task reads a task.
func (f *fixture) task(id string) lastcall.Task {
	f.Helper()
	t, err := f.store.Task(f.ctx, id)
	f.must(err)
	return t
}

// cancel asks for the end of a task.
func (f *fixture) cancel(id string) lastcall.Task {
	f.Helper()
	t, err := f.store.Cancel(f.ctx, id)
	f.must(err)
	return t
}

// sweep sweeps until nothing more is to be done at once, forgetting nothing, and adds up what was done. It has been there
// for long enough to tell who has died. Next is the last one's.
func (f *fixture) sweep() lastcall.Swept {
	f.Helper()
	return f.sweepWith(lastcall.Sweep{Limit: 1000, Steady: lastLease})
}

// sweepWith is sweep with settings; those that are zero take the suite's.
func (f *fixture) sweepWith(s lastcall.Sweep) lastcall.Swept {
	f.Helper()
	var sum lastcall.Swept
	for range 1000 {
		did := f.sweepOnce(s)
		sum.Due += did.Due
		sum.Expired += did.Expired
		sum.Crashed += did.Crashed
		sum.Lapsed += did.Lapsed
		sum.Lapses = append(sum.Lapses, did.Lapses...)
		sum.Forgotten += did.Forgotten
		sum.Next = did.Next
		if !did.More {
			return sum
		}
	}
	f.Fatalf("a thousand sweeps were not enough: %+v", sum)
	return sum
}

// sweepOnce sweeps a single portion.
func (f *fixture) sweepOnce(s lastcall.Sweep) lastcall.Swept {
	f.Helper()
	if s.Incarnation == "" {
		if f.janitor == nil {
			f.janitor = f.node()
		}
		s.Incarnation = f.janitor.incarnation
	}
	s.MaxCrashes = cmp.Or(s.MaxCrashes, lastcall.DefaultMaxCrashes)
	s.KeepTasks = cmp.Or(s.KeepTasks, 24*time.Hour)
	s.KeepEvents = cmp.Or(s.KeepEvents, 24*time.Hour)
	did, err := f.store.Sweep(f.ctx, s)
	f.must(err)
	return did
}

// wantStatus fails the case unless the stored task stands where it should.
func (f *fixture) wantStatus(id string, want lastcall.Status) lastcall.Task {
	f.Helper()
	t := f.task(id)
	if t.Status != want {
		f.Fatalf("task %s is %s, want %s", id, t.Status, want)
	}
	return t
}
