package drain_test

import (
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// G3, G4, G8: the deadline comes, and every kind of handler is still at it. The ones that listen are handed back, the
// others are given back without being asked; what those say afterwards is not written, and the process is gone in time
// although two of them never return. On the next start all of them run again, in a new run and the same attempt, and the
// one with a checkpoint goes on from there.
func TestWorkThatTheDeadlineCutsOffIsGivenBackAtNoCost(t *testing.T) {
	t.Parallel()
	store := lab.Data(t)
	n := stubborn(t, store, short...)
	s, _ := n.Connect("alice", "")
	alice := s.Follow(true)
	tasks := map[string]string{}
	for _, typ := range []string{"listens", "checkpoints", "ignores", "deaf"} {
		tasks[typ] = running(n, typ, "alice")
	}
	terminate(n)
	r := drained(t, n)
	passed(t, r, drain.Finish, drain.HandBack, drain.Closed)
	if want := (drain.WorkTally{HandedBack: 2, Fenced: 2}); r.Tasks != want {
		t.Errorf("the report counts %+v, want %+v", r.Tasks, want)
	}
	n.Await("the one that ignores has claimed its success", func(l lab.Line) bool { return l.Msg == "claims a success too late" })
	if code := alice.CloseCode(); code != 1012 {
		t.Errorf("alice was left with %d, want 1012", code)
	}
	alice.InOrder(1)
	interrupted(t, alice.Events(), tasks) // before the socket closed, and not only on resume

	again := stubborn(t, store)
	first := alice
	alice = again.Resume(first)
	for typ, id := range tasks {
		task := succeeded(t, again, id, 2, 1, 1)
		want := ending{How: "in a later run", Run: 2, Attempt: 1}
		switch typ {
		case "checkpoints":
			want.How, want.Checkpoint = "from its checkpoint", "half of it is done"
		case "ignores":
			want.Checkpoint = "moving its hands" // which was written while the run was still its own
		}
		if got := endingOf(t, task); got != want {
			t.Errorf("%s ended %+v, want %+v", typ, got, want)
		}
		if task.Crashes != 0 {
			t.Errorf("%s is charged with %d crashes", typ, task.Crashes)
		}
		alice.Await("the answer to "+typ, func(f lab.Frame) bool { return f.Task == id && f.Type == lastcall.TaskSucceeded })
	}
	alice.InOrder(int64(len(first.Events())) + 1)
	terminate(again)
	drained(t, again)
}

// interrupted fails the test unless each task was told of, once, as one whose first run a drain has cut short.
func interrupted(t *testing.T, events []lab.Frame, tasks map[string]string) {
	t.Helper()
	told := map[string]int{}
	for _, f := range events {
		if f.Type != lastcall.TaskInterrupted {
			continue
		}
		told[f.Task]++
		if string(f.Data) != `{"reason":"drain"}` || f.Run != 1 {
			t.Errorf("the client was told %s of run %d: %s", f.Type, f.Run, f.Data)
		}
	}
	for typ, id := range tasks {
		if told[id] != 1 {
			t.Errorf("the client was told %d times that %s was interrupted, want once", told[id], typ)
		}
	}
}

// G7: a handler that would go on for ever hears the early word while there is time, comes to a good end, and its client
// has the answer before the process ends.
func TestTheEarlyWordLetsAHandlerFinish(t *testing.T) {
	t.Parallel()
	n := stubborn(t, lab.Data(t), short...)
	alice := plain(t, n, "alice")
	id := running(n, "hurries", "alice")
	terminate(n)
	r := drained(t, n)
	if r.Phases[0].MS >= 1000 {
		t.Errorf("%+v: nothing was left to wait for, and the drain waited until work was to be stopped", r.Phases)
	}
	if want := (drain.WorkTally{Finished: 1}); r.Tasks != want {
		t.Errorf("the report counts %+v, want %+v", r.Tasks, want)
	}
	f := alice.Await("the answer", func(f lab.Frame) bool { return f.T == "event" && f.Task == id })
	if want := `{"output":{"how":"at the early word","run":1,"attempt":1,"checkpoint":""}}`; string(f.Data) != want {
		t.Errorf("the answer is %s, want %s", f.Data, want)
	}
	if r.Clients.Served != 1 {
		t.Errorf("the report counts %+v, want one client served", r.Clients)
	}
}

// G4, G8: more is due than the time allows. What fits in is worked off, what runs at the end is handed back, and the
// rest has not been touched.
func TestABacklogIsWorkedOffOnlyAsFarAsTheTimeAllows(t *testing.T) {
	t.Parallel()
	store := lab.Data(t)
	n := lab.Start(t, store, append(short, "--concurrency=1")...)
	var ids []string
	for range 12 {
		ids = append(ids, n.Sleep("alice", 300*time.Millisecond).ID)
	}
	terminate(n)
	r := drained(t, n)
	if r.Tasks.Finished == 0 || r.Tasks.Finished >= len(ids) || r.Tasks.HandedBack > 1 || r.Tasks.Fenced != 0 {
		t.Errorf("of %d tasks of 300 ms the report counts %+v in one second", len(ids), r.Tasks)
	}
	again := lab.Start(t, store)
	cutOff := 0
	for _, id := range ids {
		task := again.AwaitStatus(id, lastcall.Succeeded)
		cutOff += task.Interruptions
		if task.Attempt != 1 || task.Run != int64(1+task.Interruptions) {
			t.Errorf("%s ended in run %d, attempt %d after %d interruptions", id, task.Run, task.Attempt, task.Interruptions)
		}
	}
	if cutOff != r.Tasks.HandedBack {
		t.Errorf("%d tasks were interrupted, the report says %d", cutOff, r.Tasks.HandedBack)
	}
	terminate(again)
	drained(t, again)
}

// G4: a task that has failed and waits for its next attempt is none of the drain's business. It stays where it is, and
// has that attempt on the next start, when its time has come.
func TestATaskBetweenTwoAttemptsKeepsItsPlace(t *testing.T) {
	t.Parallel()
	store := lab.Data(t)
	n := stubborn(t, store)
	id := n.Submit(`{"type":"flaky","client":"alice","input":{"retry_ms":4000}}`).ID
	before := n.AwaitStatus(id, lastcall.Scheduled)
	terminate(n)
	if r := drained(t, n); r.Tasks != (drain.WorkTally{}) {
		t.Errorf("the report counts %+v, and nothing ran", r.Tasks)
	}
	again := stubborn(t, store)
	task := succeeded(t, again, id, 2, 2, 0)
	if task.StartedAt.Before(before.RunAt) {
		t.Errorf("it was due at %v and began at %v", before.RunAt, task.StartedAt)
	}
}
