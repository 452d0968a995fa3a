package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// watcher gathers the hints of a store.
type watcher struct {
	f   *fixture
	end func() error // ends the watch and returns what Watch returned

	mu    sync.Mutex
	hints []lastcall.Hint
}

// watch starts watching. It returns when the store has begun to tell, which it finds out by making things happen.
func (f *fixture) watch() *watcher {
	f.Helper()
	w := &watcher{f: f}
	ctx, cancel := context.WithCancelCause(f.ctx)
	returned := make(chan error, 1)
	go func() { returned <- f.store.Watch(ctx, w.take) }() // ended by end, which waits for it
	w.end = sync.OnceValue(func() error {
		cancel(errEnough)
		return <-returned
	})
	f.Cleanup(func() { _ = w.end() })
	f.eventually("the watch had begun", func() bool {
		f.submitOne(lastcall.Submission{Type: "watched?"})
		return w.has(func(h lastcall.Hint) bool { return h.Type == "watched?" })
	})
	return w
}

var errEnough = errors.New("the case has seen enough")

func (w *watcher) take(hints []lastcall.Hint) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hints = append(w.hints, hints...)
}

// has reports whether such a hint has come.
func (w *watcher) has(like func(lastcall.Hint) bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.hints, like)
}

// wait waits for such a hint.
func (w *watcher) wait(what string, like func(lastcall.Hint) bool) {
	w.f.Helper()
	w.f.eventually("a hint of "+what+" came", func() bool { return w.has(like) })
}

func isState(h lastcall.Hint, t lastcall.Task, typ lastcall.EventType) bool {
	return h.State != nil && h.State.Task == t.ID && h.State.Type == typ && h.State.Run == t.Run && h.Client == t.Client
}

func hintsOfWhatMoves(f *fixture) {
	w := f.watch()
	n := f.node()
	t := f.submitOne(lastcall.Submission{Type: "a", Client: "alice"})
	w.wait("a queued task's type", func(h lastcall.Hint) bool { return h.Type == "a" })
	w.wait("a queued task's state", func(h lastcall.Hint) bool { return isState(h, t, lastcall.TaskQueued) })
	t = n.start("a")
	w.wait("a start", func(h lastcall.Hint) bool { return isState(h, t, lastcall.TaskStarted) })
	f.must(n.store.Save(f.ctx, lastcall.Note{Task: t.ID, Run: t.Run, Progress: &lastcall.Progress{Percent: 42, At: *t.StartedAt}}))
	w.wait("progress", func(h lastcall.Hint) bool { return isState(h, t, lastcall.TaskProgress) })
	f.cancel(t.ID)
	w.wait("a cancel", func(h lastcall.Hint) bool { return h.Task == t.ID && h.Canceled })
	n.settle(succeed(t, "1"))
	w.wait("an event", func(h lastcall.Hint) bool { return h.Client == "alice" && h.State == nil })
	w.wait("a change", func(h lastcall.Hint) bool { return h.Task == t.ID && !h.Canceled && h.State == nil })
}

func hintsOfWhatIsDue(f *fixture) {
	w := f.watch()
	t := f.submitOne(lastcall.Submission{Type: "later", Delay: 30 * time.Millisecond})
	w.wait("a scheduled task", func(h lastcall.Hint) bool { return h.Due.Equal(t.RunAt) })
	f.eventually("it was queued", func() bool { return f.sweep().Due > 0 })
	w.wait("a task that has become due", func(h lastcall.Hint) bool { return h.Type == "later" })
	n := f.node()
	t = n.start("later")
	o := fail(t, "x")
	o.Wait = time.Hour
	t = n.settle(o)
	w.wait("a retry", func(h lastcall.Hint) bool { return h.Due.Equal(t.RunAt) })
}

func hintsOfWhatIsGivenBack(f *fixture) {
	n, m := f.node(), f.mortal()
	given, left := n.run(lastcall.Submission{Type: "given"}), m.run(lastcall.Submission{Type: "left"})
	w := f.watch()
	n.settle(release(given))
	w.wait("a hand-back", func(h lastcall.Hint) bool { return h.Type == "given" })
	m.die()
	w.wait("a dead node's task", func(h lastcall.Hint) bool { return h.Type == "left" })
	w.wait("a dead node's event", func(h lastcall.Hint) bool { return h.Client == left.Client })
}

// Another node's changes may be told as little as by an empty hint: anything may have moved. And one may be missed, as
// any hint may; so the other node goes on changing things.
func hintsOfOtherNodes(f *fixture) {
	w, other := f.watch(), f.handle()
	f.eventually("a hint of another node's task came", func() bool {
		_, err := other.Submit(f.ctx, []lastcall.Submission{{Type: "from afar"}})
		f.must(err)
		return w.has(func(h lastcall.Hint) bool { return h == lastcall.Hint{} || h.Type == "from afar" })
	})
}

// Who waits for a peer, or counts on one, is told when nodes come, change their phase and go; here and elsewhere.
func hintsOfNodes(f *fixture) {
	w, n := f.watch(), f.node()
	anything := func(h lastcall.Hint) bool { return h == lastcall.Hint{} }
	after := func(what string, do func()) {
		w.forget()
		do()
		w.wait(what, anything)
	}
	after("a phase", func() { n.beat(lastcall.PhaseReady) })
	after("another phase", func() { n.beat("finish") })
	after("a leave", func() { f.must(n.store.Leave(f.ctx, n.incarnation)) })
	after("a join", func() { f.node() })
	other := f.handle()
	after("another's join", func() { n = f.join(other, "afar", longLease) })
	after("another's phase", func() { n.beat(lastcall.PhaseReady) })
}

// forget forgets the hints that have come.
func (w *watcher) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hints = nil
}

func hintsOfAResumedQueue(f *fixture) {
	f.pause(f.store, lastcall.Queue{Name: "q", Paused: true})
	f.submitOne(lastcall.Submission{Type: "a", Queue: "q"})
	f.clockPasses(time.Millisecond)
	w := f.watch()
	w.forget()
	f.pause(f.store, lastcall.Queue{Name: "q", Queued: 1})
	w.wait("what may have become free", func(h lastcall.Hint) bool { return h == lastcall.Hint{} || h.Type == "a" })
}

// Who follows a hint finds what it tells of, and hints come in the order of commits.
func hintsAfterTheCommitAndInOrder(f *fixture) {
	w := f.watch()
	var want []string
	for range 30 {
		t := f.submitOne(lastcall.Submission{Type: "a", Client: "alice"})
		f.cancel(t.ID)
		want = append(want, t.ID)
	}
	w.wait("the last change", func(h lastcall.Hint) bool { return h.Task == want[len(want)-1] })
	var got []string
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.hints {
		if i := slices.Index(want, h.Task); i >= 0 && !slices.Contains(got, h.Task) {
			got = append(got, h.Task)
		}
	}
	if !slices.IsSorted(got) {
		f.Fatalf("hints of tasks canceled one after the other came as %v", got)
	}
}

// A hint that came before its commit would send its reader to look too early, and then nowhere for a long time.
func hintsTellOfWhatIsThere(f *fixture) {
	const tasks = 50
	all := f.submitMany(tasks, lastcall.Submission{Type: "a", Client: "alice"})
	w := f.watch()
	f.together(2, func(i int) error {
		if i == 0 {
			for _, t := range all {
				if _, err := f.store.Cancel(f.ctx, t.ID); err != nil {
					return err
				}
			}
			return nil
		}
		return w.follow(all)
	})
}

// follow looks at each of the tasks as soon as a hint of it comes: by then it must have ended. A hint may be lost; but
// not all of them, and not the one of a task that stays silent for as long as patience lasts.
func (w *watcher) follow(tasks []lastcall.Task) error {
	deadline := time.Now().Add(w.f.patience)
	for seen, next := 0, 0; seen < len(tasks) && time.Now().Before(deadline); {
		w.mu.Lock()
		fresh := slices.Clone(w.hints[next:])
		w.mu.Unlock()
		next += len(fresh)
		for _, h := range fresh {
			if !slices.ContainsFunc(tasks, func(t lastcall.Task) bool { return t.ID == h.Task }) || h.State != nil {
				continue
			}
			seen++
			t, err := w.f.store.Task(w.f.ctx, h.Task)
			if err != nil {
				return err
			}
			if !t.Status.Done() {
				return fmt.Errorf("a hint of %s came while it was still %s", h.Task, t.Status)
			}
		}
		if len(fresh) == 0 {
			runtime.Gosched()
		}
	}
	return nil
}

func hintsEndWithTheirContext(f *fixture) {
	w := f.watch()
	if err := w.end(); !errors.Is(err, errEnough) {
		f.Fatalf("a watch whose context ended returned %v, want its cause", err)
	}
	w.forget()
	f.submitOne(lastcall.Submission{Type: "after"})
	if w.has(func(lastcall.Hint) bool { return true }) {
		f.Fatal("a hint came after the watch had ended")
	}
}
