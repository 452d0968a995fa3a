package storetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

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
		if t.Status == lastcall.Queued && !m.overdue(t) {
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
			return nil
		})
		taken = append(taken, t.ID)
	}
	return taken
}

// settle is Store.Settle; it returns the code that it must fail with, or "".
func (m *model) settle(o lastcall.Outcome) lastcall.Code {
	t := m.tasks[o.Task]
	var failed error
	m.change(t, func() *lastcall.Event {
		ev, _, err := t.Settle(&o, m.step)
		failed = err
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
	return ""
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

// agree compares a task that the store has shown with the model's, and takes the store's word for the time of this step.
func (m *model) agree(got lastcall.Task) error {
	want := m.tasks[got.ID]
	if want == nil {
		return fmt.Errorf("task %s is not known", got.ID)
	}
	var now time.Time
	for _, p := range []struct{ got, want *time.Time }{
		{&got.CreatedAt, &want.CreatedAt},
		{&got.RunAt, &want.RunAt},
		{got.StartedAt, want.StartedAt},
		{got.FinishedAt, want.FinishedAt},
		{got.ExpiresAt, want.ExpiresAt},
		{got.CancelRequestedAt, want.CancelRequestedAt},
	} {
		if p.got == nil || p.want == nil || p.want.Before(m.step.Add(-stepLength/2)) {
			continue // not of this step: compared below
		}
		at := p.got.Add(-p.want.Sub(m.step))
		if now.IsZero() {
			now = at
		}
		if !at.Equal(now) {
			return fmt.Errorf("task %s: one step happened at %v and at %v", got.ID, now, at)
		}
		*p.want = *p.got
	}
	if now.After(m.clock) {
		m.clock = now
	}
	if got.Progress != nil && want.Progress != nil {
		want.Progress.At = got.Progress.At // by whose clock is not said
	}
	if reflect.DeepEqual(*want, got) {
		return nil // as it mostly is; finding out in what they differ takes far longer
	}
	if diff := gocmp.Diff(*want, got, alike); diff != "" {
		return fmt.Errorf("task %s is not as it should be (-want +got):\n%s", got.ID, diff)
	}
	return nil
}

// hear compares what has come to a mailbox since the last look with what must have. The events of one task come in the
// order of what happened to it; between tasks that one step has changed any order will do.
func (m *model) hear(client string, box lastcall.Mailbox, fresh []lastcall.Event) error {
	mine := m.box(client)
	if mine.epoch == "" {
		mine.epoch = box.Epoch
	}
	head := int64(len(mine.events) + len(mine.fresh))
	if want := (lastcall.Mailbox{Client: client, Epoch: mine.epoch, Oldest: 1, Head: head, Acked: mine.acked}); box != want {
		return fmt.Errorf("the mailbox is %+v, want %+v", box, want)
	}
	if len(fresh) != len(mine.fresh) {
		return fmt.Errorf("%q was told %+v, want %+v", client, fresh, mine.fresh)
	}
	for _, got := range fresh {
		i := slices.IndexFunc(mine.fresh, func(e lastcall.Event) bool { return e.Task == got.Task })
		if i < 0 {
			return fmt.Errorf("%q was told %+v, want any of %+v", client, got, mine.fresh)
		}
		if err := m.agreeEvent(got, mine.fresh[i]); err != nil {
			return err
		}
		mine.fresh = slices.Delete(mine.fresh, i, i+1)
		mine.events = append(mine.events, got)
	}
	return nil
}

// agreeEvent compares an event with the one that the rules have made. Its task has agreed before.
func (m *model) agreeEvent(got, want lastcall.Event) error {
	t := m.tasks[want.Task]
	want.Seq, want.ID, want.At = got.Seq, got.ID, got.At
	if want.Type.Terminal() && !got.At.Equal(*t.FinishedAt) {
		return fmt.Errorf("the event %+v is not of the time when its task ended, %v", got, t.FinishedAt)
	}
	if want.Type == lastcall.TaskRetrying {
		want.Data, _ = json.Marshal(map[string]any{"error": t.Error, "run_at": t.RunAt})
	}
	var a, b any
	if json.Unmarshal(got.Data, &a) != nil || json.Unmarshal(want.Data, &b) != nil {
		return fmt.Errorf("the event %+v says %q", got, got.Data)
	}
	got.Data, want.Data = nil, nil
	if diff := gocmp.Diff(want, got, alike) + gocmp.Diff(b, a); diff != "" {
		return fmt.Errorf("the event is not as it should be (-want +got):\n%s", diff)
	}
	return nil
}

// queues counts as Store.Queues does, queues in which nothing is left aside.
func (m *model) queues() []lastcall.Queue {
	byName := map[string]*lastcall.Queue{}
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
