package handlers_test

import (
	"net/http"
	"syscall"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

func TestACommandInShellIsAHandler(t *testing.T) {
	t.Parallel()
	n := commands(t, lab.Data(t))
	task := done(n, submit(n, "greet", `{"name":"Ada"}`))
	ended(t, task, lastcall.Succeeded, `{"hello":{"name":"Ada"}}`)
	if task.Progress == nil || task.Progress.Message != "half way" {
		t.Errorf("progress %+v", task.Progress)
	}
	log := n.Do(http.MethodGet, "/v1/tasks/"+task.ID+"/log", "")
	if want := "asked for {\"name\":\"Ada\"} in run 1\n"; string(log.Body) != want {
		t.Errorf("log %d %q, want %q", log.Status, log.Body, want)
	}
}

// G4, G8: a drain comes, and with it the early word for the one that asked for it, SIGTERM for the others, and SIGKILL for
// the one that does not listen and all its children. No attempt is used up, and the one that has left a checkpoint goes
// on from there.
func TestCommandsThroughADrain(t *testing.T) {
	t.Parallel()
	store := lab.Data(t)
	n := commands(t, store)
	early := submit(n, "early", "null")
	brood := brooding(t, n, "brood")
	report := submit(n, "report", `{"pages":300,"seconds":0.02}`)
	started(n, early)
	started(n, report)
	n.Signal(syscall.SIGTERM)
	r := n.Drained()
	if want := (drain.WorkTally{Finished: 1, HandedBack: 2}); r.Tasks != want {
		t.Errorf("the report counts %+v, want %+v", r.Tasks, want)
	}
	for _, id := range []string{early, report, brood} {
		nobodyLeft(t, id)
	}

	again := commands(t, store)
	ended(t, again.Task(early), lastcall.Succeeded, `"early"`)
	task := done(again, brood)
	ended(t, task, lastcall.Succeeded, `"in a later run"`)
	counted(t, task, 2, 1, 1, 0)
	task = done(again, report)
	if task.Status != lastcall.Succeeded || string(task.Output) == `{"began": 0, "pages": 300}` {
		t.Errorf("the report ended as %s with %s: not from its checkpoint", task.Status, task.Output)
	}
	counted(t, task, 2, 1, 1, 0)
}

func TestACancelEndsACommandAndItsChildren(t *testing.T) {
	t.Parallel()
	n := commands(t, lab.Data(t))
	id := brooding(t, n, "brood")
	cancel(n, id)
	if task := done(n, id); task.Status != lastcall.Canceled {
		t.Errorf("it ended as %s", task.Status)
	}
	nobodyLeft(t, id)
}

func TestTheTimeoutEndsACommandAndItsChildren(t *testing.T) {
	t.Parallel()
	n := commands(t, lab.Data(t))
	id := submit(n, "hurried", "null")
	ended(t, done(n, id), lastcall.Failed, lastcall.FailureTimeout)
	nobodyLeft(t, id)
}

// G8, G9: nothing is left of the commands of a node that is killed, and their tasks run again.
func TestAKilledNodeLeavesNoOrphans(t *testing.T) {
	t.Parallel()
	store := lab.Data(t)
	n := commands(t, store)
	id := brooding(t, n, "brood")
	n.Kill()
	lab.Until(t, "nobody is left", func() bool { return len(alive(id)) == 0 })

	again := commands(t, store)
	task := done(again, id)
	ended(t, task, lastcall.Succeeded, `"in a later run"`)
	counted(t, task, 2, 1, 0, 1)
}

// G10.
func TestWhatACommandMayNotSayFailsItsTaskForGood(t *testing.T) {
	t.Parallel()
	n := commands(t, lab.Data(t))
	for typ, want := range map[string]string{
		"large":  lastcall.FailureOutputLarge, // which is killed, and not waited for
		"prose":  lastcall.FailureBadOutput,
		"silent": lastcall.FailureError, // it closes all its pipes and goes on: its end counts
	} {
		task := done(n, submit(n, typ, "null"))
		ended(t, task, lastcall.Failed, want)
		counted(t, task, 1, 1, 0, 0)
		nobodyLeft(t, task.ID)
	}
	if task := done(n, submit(n, "fits", "null")); task.Status != lastcall.Succeeded || len(task.Output) != 1<<20 {
		t.Errorf("the largest output ended as %s with %d bytes; %+v", task.Status, len(task.Output), task.Error)
	}
}
