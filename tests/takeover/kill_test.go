package takeover_test

import (
	"slices"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// G2, G4, G7: the new process is killed while the old one hands over to it, at every step of that. The old one goes on
// alone: its clients have their answers, what runs is finished, and what the dead one ran is run again at no cost.
func TestAPeerThatDiesInTheMiddleIsNotMissed(t *testing.T) {
	t.Parallel()
	for _, phase := range []drain.Phase{drain.Linger, drain.Announce, drain.Finish} {
		t.Run(string(phase), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, 2)
			old := h.open()
			s, _ := old.Connect("alice", "")
			in := s.Follow(true)
			const long = 12 * time.Second // outlasts the start of a process on a busy machine, and all phases up to the one in question
			first := old.Sleep("alice", long)
			old.AwaitStatus(first.ID, lastcall.Running)
			peer := h.open()
			if phase != drain.Linger {
				fit()
			}
			old.Stop()
			old.AwaitPhase(phase)
			// The peer takes what is submitted from the announcement on; the old one too while it lingers.
			second := peer.Sleep("alice", 2*time.Second)
			peer.AwaitStatus(second.ID, lastcall.Running)
			peer.Kill()
			r := old.Drained()
			in.Await("the answer to the task that ran here", func(f lab.Frame) bool { return f.T == "event" && f.Task == first.ID })
			next := h.open()
			record.Settle(t, next)
			for _, task := range record.Tasks(t, next) {
				if task.Status != lastcall.Succeeded || task.Attempt != 1 {
					t.Errorf("task %s: %s, attempt %d, %d crashes", task.ID, task.Status, task.Attempt, task.Crashes)
				}
			}
			rest := next.Resume(in)
			lab.Until(t, "alice has both answers", func() bool { return answers(in, rest) == 2 })
			t.Logf("%+v", r.Phases)
		})
	}
}

// answers counts the tasks of which a client was told that they succeeded.
func answers(boxes ...*lab.Inbox) int {
	var tasks []string
	for _, in := range boxes {
		for _, f := range in.Events() {
			if f.Type == lastcall.TaskSucceeded && !slices.Contains(tasks, f.Task) {
				tasks = append(tasks, f.Task)
			}
		}
	}
	return len(tasks)
}

// Section 7, alone: a process that was killed a moment ago is nobody to wait for, though its lease is not over.
func TestADeadSiblingIsNoPeer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 2)
	n, sibling := h.open(), h.open()
	fit()
	sibling.Kill()
	n.Stop()
	r := n.Drained()
	if lab.Passed(r, drain.Announce) {
		t.Errorf("it announced its end to the dead: %+v", r.Phases)
	}
	for _, p := range r.Phases {
		if p.Name == drain.Linger && p.MS > 2000 {
			t.Errorf("it waited %d ms for the dead", p.MS)
		}
	}
}
