package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// fakeStore is a store in memory that applies the real rules of the transition table and can be told to fail. Its
// methods answer at once, so that in a bubble of synctest all time that passes is the worker's own.
type fakeStore struct {
	lastcall.Store // what a worker has no business with: calling it is a panic

	// before and after, if not nil, are asked at the start and the end of every call; an error is the call's answer.
	// What failed before was not done, what failed after was: its answer got lost. They are called without the mutex.
	before, after func(call string) error
	// hung is a call that is not answered while its caller waits; only those that a test asks for can be.
	hung string
	// hints hears what moves.
	hints func([]lastcall.Hint)

	mu     sync.Mutex
	tasks  map[string]*lastcall.Task
	queued map[string][]string // ids by type, in the order of service
	paused bool                // nothing is given out
	joined []string            // the types that the last node announced
	nodes  map[string]bool     // incarnations, true while alive
	calls  map[string]int
	claims []lastcall.Claim
	saves  []saved
	sweeps []time.Time
	steady []time.Duration  // of each of them
	lapses []lastcall.Lapse // leases that the next sweep finds to have run out
	beats  []lastcall.Beat
	events []lastcall.Event
	settle []lastcall.Outcome
	stop   []lastcall.RunRef // what the next beat tells to cancel
	next   time.Time         // Swept.Next
	clock  time.Duration     // how far the store's clock is ahead of the node's
	more   int               // sweeps that leave something over
	fences int
}

type saved struct {
	at   time.Time
	note lastcall.Note
}

func newFakeStore() *fakeStore {
	return &fakeStore{
		tasks: map[string]*lastcall.Task{}, queued: map[string][]string{},
		nodes: map[string]bool{}, calls: map[string]int{},
	}
}

func errAway() error { return lastcall.Errorf(lastcall.CodeStoreUnavailable, "on purpose") }

// call does one call under the mutex, between the scripted failures.
func (s *fakeStore) call(name string, fn func() error) error {
	s.mu.Lock()
	before, after := s.before, s.after
	s.mu.Unlock()
	if before != nil {
		if err := before(name); err != nil {
			return err
		}
	}
	s.mu.Lock()
	s.calls[name]++
	err := fn()
	s.mu.Unlock()
	if after != nil && err == nil {
		err = after(name)
	}
	return err
}

// hang waits for a caller to give up, if that call is not to be answered.
func (s *fakeStore) hang(ctx context.Context, name string) error {
	s.mu.Lock()
	hung := s.hung == name
	s.mu.Unlock()
	if !hung {
		return nil
	}
	<-ctx.Done()
	return errAway()
}

// fence puts what the test has done to the fields before what the worker's calls do from now on.
func (s *fakeStore) fence() {
	s.mu.Lock()
	s.fences++
	s.mu.Unlock()
}

func (s *fakeStore) tell(h lastcall.Hint) {
	if s.hints != nil {
		s.hints([]lastcall.Hint{h})
	}
}

// add submits n tasks of a type and returns their ids.
func (s *fakeStore) add(n int, typ string, change ...func(*lastcall.Submission)) []string {
	sub := lastcall.Submission{Type: typ, Input: json.RawMessage(`{}`)}
	for _, c := range change {
		c(&sub)
	}
	ids := make([]string, n)
	s.mu.Lock()
	for i := range ids {
		t := sub.NewTask(fmt.Sprintf("%s-%d", typ, len(s.tasks)), time.Now())
		ids[i] = t.ID
		s.tasks[t.ID] = &t
		s.queued[typ] = append(s.queued[typ], t.ID)
	}
	s.mu.Unlock()
	s.tell(lastcall.Hint{Type: typ})
	return ids
}

// suspect is add, with a crash behind each task.
func (s *fakeStore) suspect(n int, typ string) []string {
	ids := s.add(n, typ)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		s.tasks[id].Crashes = 1
	}
	return ids
}

func (s *fakeStore) task(id string) lastcall.Task {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.tasks[id]
}

// statuses counts all tasks.
func (s *fakeStore) statuses() map[lastcall.Status]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := map[lastcall.Status]int{}
	for _, t := range s.tasks {
		n[t.Status]++
	}
	return n
}

// kill declares an incarnation dead, as another node's sweep would.
func (s *fakeStore) kill(incarnation string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nodes[incarnation] = false
	s.reclaim(incarnation)
}

func (s *fakeStore) reclaim(incarnation string) {
	for _, t := range s.tasks {
		if t.Status == lastcall.Running && t.Owner == incarnation {
			s.put(t, t.Reclaim(lastcall.ReleaseCrash, time.Now()))
		}
	}
}

// put notes an event, and the new place of a task that waits again.
func (s *fakeStore) put(t *lastcall.Task, ev *lastcall.Event) {
	if ev != nil {
		s.events = append(s.events, *ev)
	}
	if t.Status == lastcall.Queued {
		s.queued[t.Type] = append(s.queued[t.Type], t.ID)
	}
}

func (s *fakeStore) Join(_ context.Context, n lastcall.NodeInfo) (incarnation string, err error) {
	err = s.call("join", func() error {
		s.joined = n.Types
		incarnation = fmt.Sprintf("node-%d", len(s.nodes)+1)
		s.nodes[incarnation] = true
		return nil
	})
	return incarnation, err
}

func (s *fakeStore) alive(incarnation string) error {
	if !s.nodes[incarnation] {
		return lastcall.Errorf(lastcall.CodeLeaseLost, "declared dead")
	}
	return nil
}

func (s *fakeStore) Beat(_ context.Context, b lastcall.Beat) (p lastcall.Pulse, err error) {
	err = s.call("beat", func() error {
		s.beats = append(s.beats, b)
		p.Canceled = s.stop
		return s.alive(b.Incarnation)
	})
	return p, err
}

func (s *fakeStore) Leave(_ context.Context, incarnation string) error {
	return s.call("leave", func() error {
		s.nodes[incarnation] = false
		s.reclaim(incarnation)
		return nil
	})
}

func (s *fakeStore) Claim(_ context.Context, c lastcall.Claim) (tasks []lastcall.Task, err error) {
	err = s.call("claim", func() error {
		if err := s.alive(c.Incarnation); err != nil || s.paused {
			return err
		}
		s.claims = append(s.claims, c)
		suspects := c.Suspects
		for _, w := range c.Want {
			var left []string
			for _, id := range s.queued[w.Type] {
				t := s.tasks[id]
				switch {
				case t.Status != lastcall.Queued: // canceled meanwhile
				case len(tasks) == c.Max || w.Max == 0 || (t.Suspect() && suspects == 0):
					left = append(left, id)
				default:
					if t.Suspect() {
						suspects--
					}
					w.Max--
					t.Start(c.Incarnation, c.Node, time.Now())
					tasks = append(tasks, *t)
				}
			}
			s.queued[w.Type] = left
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return tasks, nil
}

func (s *fakeStore) Save(_ context.Context, n lastcall.Note) error {
	return s.call("save", func() error {
		t := s.tasks[n.Task]
		if t.Status != lastcall.Running || t.Run != n.Run {
			return lastcall.Errorf(lastcall.CodeLeaseLost, "not running")
		}
		s.saves = append(s.saves, saved{time.Now(), n})
		if n.Progress != nil {
			t.Progress = n.Progress
		}
		if n.Checkpoint != nil {
			t.Checkpoint = slices.Clone(n.Checkpoint)
		}
		return nil
	})
}

func (s *fakeStore) Settle(_ context.Context, o lastcall.Outcome) (t lastcall.Task, err error) {
	err = s.call("settle", func() error {
		s.settle = append(s.settle, o)
		task := s.tasks[o.Task]
		ev, repeated, err := task.Settle(&o, time.Now())
		if err != nil {
			return err
		}
		if !repeated {
			s.put(task, ev)
		}
		t = *task
		return nil
	})
	return t, err
}

func (s *fakeStore) Cancel(_ context.Context, id string) (t lastcall.Task, err error) {
	err = s.call("cancel", func() error {
		ev, _ := s.tasks[id].Cancel(time.Now())
		s.put(s.tasks[id], ev)
		t = *s.tasks[id]
		return nil
	})
	if err == nil && t.Status == lastcall.Running {
		s.tell(lastcall.Hint{Task: id, Canceled: true})
	}
	return t, err
}

func (s *fakeStore) Sweep(ctx context.Context, sw lastcall.Sweep) (swept lastcall.Swept, err error) {
	if err := s.hang(ctx, "sweep"); err != nil {
		return swept, err
	}
	err = s.call("sweep", func() error {
		s.sweeps, s.steady = append(s.sweeps, time.Now()), append(s.steady, sw.Steady)
		swept.Lapsed, swept.Lapses, s.lapses = len(s.lapses), s.lapses, nil
		swept.Now, swept.Next, swept.More = time.Now().Add(s.clock), s.next, s.more > 0
		s.more--
		for _, t := range s.tasks {
			switch {
			case t.Status != lastcall.Scheduled:
			case t.RunAt.After(swept.Now):
				if swept.Next.IsZero() || t.RunAt.Before(swept.Next) {
					swept.Next = t.RunAt
				}
			default:
				t.ToQueue()
				s.put(t, nil)
				swept.Due++
			}
		}
		return nil
	})
	return swept, err
}

func (s *fakeStore) Task(ctx context.Context, id string) (t lastcall.Task, err error) {
	if err := s.hang(ctx, "task"); err != nil {
		return t, err
	}
	err = s.call("task", func() error {
		t = *s.tasks[id]
		return nil
	})
	return t, err
}

func (s *fakeStore) Runs(ctx context.Context, incarnation string) (runs []lastcall.RunRef, err error) {
	if err := s.hang(ctx, "runs"); err != nil {
		return nil, err
	}
	err = s.call("runs", func() error {
		for id, t := range s.tasks {
			if t.Status == lastcall.Running && t.Owner == incarnation {
				runs = append(runs, lastcall.RunRef{Task: id, Run: t.Run})
			}
		}
		return nil
	})
	return runs, err
}
