package drain_test

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

func alreadyDraining(l lab.Line) bool { return l.Msg == "already draining" }

// G2: platforms send SIGTERM more than once. It means one drain, which goes on as it began: what runs is finished.
func TestASecondSIGTERMChangesNothing(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	s, _ := n.Connect("alice", "")
	alice := s.Follow(true)
	id := n.Sleep("alice", time.Second).ID
	n.AwaitStatus(id, lastcall.Running)
	terminate(n)
	deadline := n.Drain().Deadline
	n.Signal(syscall.SIGTERM)
	n.Await("the second is logged", alreadyDraining)
	if again := n.Drain().Deadline; !again.Equal(*deadline) {
		t.Errorf("the second SIGTERM moved the deadline from %v to %v", deadline, again)
	}
	r := drained(t, n)
	if want := (drain.WorkTally{Finished: 1}); r.Tasks != want || r.Signal != "SIGTERM" {
		t.Errorf("the report says %s, %+v", r.Signal, r.Tasks)
	}
	alice.Await("the answer", func(f lab.Frame) bool { return f.Task == id && f.Type == lastcall.TaskSucceeded })
	if got := strings.Count(n.Log(), `"msg":"drain begins"`); got != 1 {
		t.Errorf("the drain began %d times", got)
	}
}

// G4, G8: whoever presses Ctrl-C again does not want to wait. What runs is handed back within a second, whether it likes
// that or not, and nothing is lost: all of it runs on the next start.
func TestASecondSIGINTHandsBackAtOnce(t *testing.T) {
	t.Parallel()
	store := lab.Data(t)
	n := stubborn(t, store)
	listens, deaf := running(n, "listens", "alice"), running(n, "deaf", "alice")
	stop(n, syscall.SIGINT)
	if phase := n.Drain().Phase; phase != drain.Finish {
		t.Errorf("after one SIGINT the drain is in %s, want finish", phase)
	}
	n.Signal(syscall.SIGINT)
	r := drained(t, n)
	passed(t, r, drain.Finish, drain.HandBack, drain.Closed)
	if want := (drain.WorkTally{HandedBack: 1, Fenced: 1}); r.Tasks != want || r.Signal != "SIGINT" {
		t.Errorf("the report says %s, %+v, want SIGINT, %+v", r.Signal, r.Tasks, want)
	}
	if ms := r.Phases[1].MS; ms > 1500 {
		t.Errorf("handing back took %d ms by the node's own clock, want about a second", ms)
	}
	again := stubborn(t, store)
	succeeded(t, again, listens, 2, 1, 1)
	succeeded(t, again, deaf, 2, 1, 1)
}

// G9: the third leaves at once, with 130, whatever runs. That is a crash, but not the task's: on the next start it runs
// again at once.
func TestAThirdSIGINTLeavesAtOnce(t *testing.T) {
	t.Parallel()
	store := lab.Data(t)
	n := stubborn(t, store)
	id := running(n, "deaf", "alice")
	stop(n, syscall.SIGINT)
	n.Signal(syscall.SIGINT)
	n.Await("it hurries", func(l lab.Line) bool { return strings.HasPrefix(l.Msg, "drain hurries") })
	n.Signal(syscall.SIGINT)
	if code, report := n.Wait(); code != drain.ExitInterrupted || report != nil {
		t.Errorf("the process ended with %d, report %+v, want 130 and none", code, report)
	}
	again := stubborn(t, store)
	task := succeeded(t, again, id, 2, 1, 0)
	if task.Crashes != 1 {
		t.Errorf("the task counts %d crashes, want 1", task.Crashes)
	}
}

// A SIGINT after a SIGTERM is the first of its kind: it says what one more would do, and changes nothing.
func TestTheFirstSIGINTDoesNotHurryADrain(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	id := n.Sleep("alice", time.Second).ID
	n.AwaitStatus(id, lastcall.Running)
	terminate(n)
	n.Signal(syscall.SIGINT)
	n.Await("it says what one more would do", func(l lab.Line) bool { return strings.HasPrefix(l.Msg, "already draining: once more") })
	if want := (drain.WorkTally{Finished: 1}); drained(t, n).Tasks != want {
		t.Errorf("the task was not finished\n%s", n.Log())
	}
}
