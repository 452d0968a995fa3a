// Package handlers_test runs commands and services as the handlers of a real node, and looks from outside, by the API and
// by /proc, at what becomes of their tasks and of themselves.
package handlers_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

func TestMain(m *testing.M) {
	lab.SideBySide(4)
	lab.Main(m)
}

// short are the settings of a node that stops its work about two seconds after the signal.
var short = []string{"--grace=8s", "--drain-hand-back=5s", "--stop-timeout=2s", "--drain-announce-min=1s", "--drain-announce-max=1s"}

// commands starts a node that runs the commands of testdata.
func commands(t *testing.T, store string) *lab.Node {
	t.Helper()
	return lab.Start(t, store, append(short, "--config=testdata/tasks.yaml")...)
}

// submit submits a task of the type.
func submit(n *lab.Node, typ, input string) string {
	return n.Submit(`{"type":"` + typ + `","client":"alice","input":` + input + `}`).ID
}

// started waits until a task has told of its first progress: until what it runs is up.
func started(n *lab.Node, id string) {
	n.AwaitTask(id, "is under way", func(t lastcall.Task) bool { return t.Progress != nil })
}

func done(n *lab.Node, id string) lastcall.Task {
	return n.AwaitTask(id, "is done", func(t lastcall.Task) bool { return t.Status.Done() })
}

// ended fails the test unless the task has this status and, as the case may be, this output or code of an error.
func ended(t *testing.T, task lastcall.Task, want lastcall.Status, says string) {
	t.Helper()
	got := string(task.Output)
	if task.Error != nil {
		got = task.Error.Code
	}
	if task.Status != want || got != says {
		t.Errorf("%s ended as %s with %.100s, want %s with %s; %+v", task.Type, task.Status, got, want, says, task.Error)
	}
}

// counted fails the test unless the task has come to its end with these counts.
func counted(t *testing.T, task lastcall.Task, run int64, attempt, interruptions, crashes int) {
	t.Helper()
	if task.Run != run || task.Attempt != attempt || task.Interruptions != interruptions || task.Crashes != crashes {
		t.Errorf("%s is in run %d, attempt %d, with %d interruptions and %d crashes; want %d, %d, %d and %d", task.Type,
			task.Run, task.Attempt, task.Interruptions, task.Crashes, run, attempt, interruptions, crashes)
	}
}

func cancel(n *lab.Node, id string) { n.Do(http.MethodPost, "/v1/tasks/"+id+"/cancel", "") }

// alive are the processes that have the task in their environment: all that its runs have started, and their supervisors.
func alive(id string) (lines []string) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		env, _ := os.ReadFile(filepath.Join(dir, "environ"))
		if bytes.Contains(env, []byte("LASTCALL_TASK_ID="+id+"\x00")) {
			line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
			lines = append(lines, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return lines
}

// brooding submits a task that has children of children, and waits until all of them are there.
func brooding(t *testing.T, n *lab.Node, typ string) string {
	t.Helper()
	id := submit(n, typ, "null")
	// The supervisor, three shells, and five that sleep.
	lab.Until(t, "all its children are there", func() bool { return len(alive(id)) >= 9 })
	return id
}

// nobodyLeft fails the test if a run that is settled has left anything behind.
func nobodyLeft(t *testing.T, id string) {
	t.Helper()
	if left := alive(id); len(left) > 0 {
		t.Errorf("still alive: %s", strings.Join(left, "; "))
	}
}
