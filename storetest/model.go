package storetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// model is what a store ought to hold, in plain maps, changed by nothing but the rules of package lastcall. It has no
// clock: a step of the walk happens at a time of its own, far in the future and days from that of any other step, and
// when the store has answered, each time that the step has set is replaced by the store's. So the model also finds out
// if a store writes the wrong time, or touches one that it should not.
type model struct {
	tasks map[string]*lastcall.Task
	keys  map[[2]string]known // scope and key
	boxes map[string]*told    // client
	logs  map[string]string   // by task, of its current or last run
	stops map[string]bool     // queues that are paused
	step  time.Time           // the time of this step
	clock time.Time           // the latest time that the store has shown
	moves map[string]int      // how often each move of the transition table was made
}

// known is what a store remembers of an idempotency key.
type known struct{ digest, task string }

// told is a mailbox: what it holds, and what must have come to it by the next look.
type told struct {
	epoch  string
	acked  int64
	events []lastcall.Event
	fresh  []lastcall.Event
}

// stepLength keeps the times of steps so far apart that a time tells its step.
const stepLength = 1000 * time.Hour

func newModel() *model {
	return &model{
		tasks: map[string]*lastcall.Task{}, keys: map[[2]string]known{}, boxes: map[string]*told{}, moves: map[string]int{},
		logs: map[string]string{}, stops: map[string]bool{},
		step: time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

// ids lists the tasks in the order of their ids.
func (m *model) ids() []string { return slices.Sorted(maps.Keys(m.tasks)) }

func (m *model) box(client string) *told {
	if m.boxes[client] == nil {
		m.boxes[client] = &told{}
	}
	return m.boxes[client]
}

// change makes a move of a task and keeps its event for the mailbox.
func (m *model) change(t *lastcall.Task, by func() *lastcall.Event) {
	from := t.Status
	ev := by()
	if t.Status != from {
		m.moves[string(from+" → "+t.Status)]++
	}
	if ev != nil {
		box := m.box(t.Client)
		box.fresh = append(box.fresh, *ev)
	}
}

// submit is Store.Submit, answered by got. A batch with a mismatch must have failed before it comes here.
func (m *model) submit(all []lastcall.Submission, got []lastcall.Submitted) error {
	if len(got) != len(all) {
		return fmt.Errorf("%d submissions were answered with %d tasks", len(all), len(got))
	}
	for i, s := range all {
		id, replayed := got[i].Task.ID, false
		if k := s.Idempotency; k != nil {
			place := [2]string{k.Scope, k.Key}
			if first, ok := m.keys[place]; ok {
				id, replayed = first.task, true
			} else {
				m.keys[place] = known{k.Digest, id}
			}
		}
		if got[i].Replayed != replayed {
			return fmt.Errorf("submission %d: replayed is %v, want %v", i, got[i].Replayed, replayed)
		}
		if !replayed {
			if m.tasks[id] != nil {
				return fmt.Errorf("submission %d was given the id of another task", i)
			}
			t := s.NewTask(id, m.step)
			m.tasks[id] = &t
		}
		if err := m.agree(got[i].Task); err != nil {
			return fmt.Errorf("submission %d: %w", i, err)
		}
	}
	return nil
}

// mismatch reports whether a batch must fail, as it uses a key with two digests.
func (m *model) mismatch(all []lastcall.Submission) bool {
	seen := maps.Clone(m.keys)
	for _, s := range all {
		if k := s.Idempotency; k != nil {
			place := [2]string{k.Scope, k.Key}
			if first, ok := seen[place]; ok && first.digest != k.Digest {
				return true
			}
			seen[place] = known{digest: k.Digest}
		}
	}
	return false
}

// claim is Store.Claim: who should be claimed, in order.
func (m *model) claim(c lastcall.Claim) []string {
	var queue []*lastcall.Task
	for _, t := range m.tasks {
		if t.Status == lastcall.Queued && !m.overdue(t) && !m.stops[t.Queue] {
			queue = append(queue, t)
		}
	}
	slices.SortFunc(queue, func(a, b *lastcall.Task) int {
		return cmp.Or(a.OrderKey().Compare(b.OrderKey()), cmp.Compare(a.ID, b.ID))
	})
	free := map[string]int{}
	for _, w := range c.Want {
		free[w.Type] = w.Max
	}
	var taken []string
	for _, t := range queue {
		if len(taken) == c.Max || free[t.Type] == 0 || (t.Suspect() && c.Suspects == 0) {
			continue
		}
		free[t.Type]--
		if t.Suspect() {
			c.Suspects--
		}
		m.change(t, func() *lastcall.Event {
			t.Start(c.Incarnation, c.Node, m.step)
			delete(m.logs, t.ID)
			return nil
		})
		taken = append(taken, t.ID)
	}
	return taken
}

// settle is Store.Settle; it returns the code that it must fail with, or "".
func (m *model) settle(o lastcall.Outcome) lastcall.Code {
	t := m.tasks[o.Task]
	if t == nil {
		return lastcall.CodeNotFound
	}
	var failed error
	m.change(t, func() *lastcall.Event {
		ev, repeated, err := t.Settle(&o, m.step)
		if failed = err; err == nil && !repeated && o.Log != nil {
			m.logs[t.ID] = string(o.Log)
		}
		return ev
	})
	return lastcall.CodeOf(failed)
}

// save is Store.Save; it returns the code that it must fail with, or "".
func (m *model) save(n lastcall.Note) lastcall.Code {
	t := m.tasks[n.Task]
	if t.Status != lastcall.Running || t.Run != n.Run {
		return lastcall.CodeLeaseLost
	}
	if n.Progress != nil {
		p := *n.Progress
		t.Progress = &p
	}
	if n.Checkpoint != nil {
		t.Checkpoint = n.Checkpoint
	}
	if n.Log != nil {
		m.logs[t.ID] = string(n.Log)
	}
	return ""
}

// forget is Store.Forget; it returns the code that it must fail with, or "".
func (m *model) forget(id string) lastcall.Code {
	if !m.tasks[id].Status.Done() {
		return lastcall.CodeNotFinished
	}
	delete(m.tasks, id)
	delete(m.logs, id)
	maps.DeleteFunc(m.keys, func(_ [2]string, k known) bool { return k.task == id })
	return ""
}

// eventsOf lists what was told of a task.
func (m *model) eventsOf(t *lastcall.Task) []lastcall.Event {
	var about []lastcall.Event
	for _, e := range m.box(t.Client).events {
		if e.Task == t.ID {
			about = append(about, e)
		}
	}
	return about
}

// cancel is Store.Cancel.
func (m *model) cancel(id string) {
	t := m.tasks[id]
	m.change(t, func() *lastcall.Event {
		ev, _ := t.Cancel(m.step)
		return ev
	})
}

// overdue reports whether the task has been past its expiry since its submit; the walk makes no others that expire
// while it goes on.
func (m *model) overdue(t *lastcall.Task) bool {
	return t.ExpiresAt != nil && t.ExpiresAt.Sub(t.CreatedAt) < time.Second
}

// sweep is Store.Sweep, for what the walk leaves to it: what is due, and what has expired.
func (m *model) sweep() (due, expired, both int) {
	for _, id := range m.ids() {
		t := m.tasks[id]
		isDue := t.Status == lastcall.Scheduled && !t.RunAt.After(m.clock)
		switch {
		case m.overdue(t) && (t.Status == lastcall.Scheduled || t.Status == lastcall.Queued):
			m.change(t, func() *lastcall.Event { return t.Expire(m.step) })
			expired++
			if isDue {
				both++
			}
		case isDue:
			m.change(t, func() *lastcall.Event { t.ToQueue(); return nil })
			due++
		}
	}
	return due, expired, both
}

// owned lists what an incarnation runs.
func (m *model) owned(incarnation string) []*lastcall.Task {
	var own []*lastcall.Task
	for _, id := range m.ids() {
		if t := m.tasks[id]; t.Status == lastcall.Running && t.Owner == incarnation {
			own = append(own, t)
		}
	}
	return own
}

// crash is the death of an incarnation.
func (m *model) crash(incarnation string) {
	own := m.owned(incarnation)
	before := make([]lastcall.Status, len(own))
	for i, t := range own {
		before[i] = t.Status
	}
	events := lastcall.Crashed(own, lastcall.DefaultMaxCrashes, m.step)
	for i, t := range own {
		after := t.Status
		t.Status = before[i]
		m.change(t, func() *lastcall.Event { t.Status = after; return events[i] })
	}
}

// leave is Store.Leave.
func (m *model) leave(incarnation string) {
	for _, t := range m.owned(incarnation) {
		m.change(t, func() *lastcall.Event { return t.Reclaim(lastcall.ReleaseDrain, m.step) })
	}
}

// queues counts as Store.Queues does, queues in which nothing is left aside.
func (m *model) queues() []lastcall.Queue {
	byName := map[string]*lastcall.Queue{}
	for name, paused := range m.stops {
		if paused {
			byName[name] = &lastcall.Queue{Name: name}
		}
	}
	for _, t := range m.tasks {
		if t.Status.Done() {
			continue
		}
		q := byName[t.Queue]
		if q == nil {
			q = &lastcall.Queue{Name: t.Queue}
			byName[t.Queue] = q
		}
		switch t.Status {
		case lastcall.Queued:
			q.Queued++
		case lastcall.Scheduled:
			q.Scheduled++
		case lastcall.Running:
			q.Running++
		default: // ended: not counted
		}
	}
	var all []lastcall.Queue
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		byName[name].Paused = m.stops[name]
		all = append(all, *byName[name])
	}
	return all
}

// list is Store.Tasks, all pages at once.
func (m *model) list(f lastcall.Filter) []lastcall.Task {
	var picked []lastcall.Task
	for _, id := range slices.Backward(m.ids()) {
		if t := m.tasks[id]; picks(f, *t) {
			picked = append(picked, *t)
		}
	}
	return picked
}
