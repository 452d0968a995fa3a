// Package drain_test stops real processes with real signals, and looks from outside at what becomes of their tasks, their
// clients and themselves.
//
// Two programs are stopped: the lastcall command, and the one in stubborn, whose handlers take a drain in every way that
// handlers do. What is asserted is what the program itself says at its end (its report, its exit code) and what clients
// got; wall-clock time is no witness on a busy machine, and is asked for nothing.
package drain_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"syscall"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

func TestMain(m *testing.M) {
	lab.SideBySide(6)
	lab.Main(m)
}

// short are the settings of a node that stops its work one second after the signal, and has time to spare afterwards.
var short = []string{"--grace=6s", "--drain-hand-back=4s", "--stop-timeout=1s"}

// stubborn starts the program of stubborn handlers.
func stubborn(t *testing.T, store string, flags ...string) *lab.Node {
	t.Helper()
	n := lab.Launch(t, exec.Command(lab.Build(t, "tests/drain/stubborn"), append([]string{"--store", store}, flags...)...))
	n.Await("it serves", serving)
	return n
}

func serving(l lab.Line) bool { return l.Msg == "serving" }

// terminate sends SIGTERM and waits until the node drains.
func terminate(n *lab.Node) { stop(n, syscall.SIGTERM) }

// stop sends a signal and waits until the node is in the first phase of its drain.
func stop(n *lab.Node, sig syscall.Signal) {
	n.Signal(sig)
	n.Await("it drains", func(l lab.Line) bool { return l.Msg == "drain phase" })
}

// drained waits for the node to end by itself, in order and in time (G8), and returns its report.
func drained(t *testing.T, n *lab.Node) *drain.Report {
	t.Helper()
	code, report := n.Wait()
	if report == nil {
		t.Fatalf("the node ended with %d and without a report", code)
	}
	if code != drain.ExitDrained || report.ExitCode != drain.ExitDrained || report.SpareMS < 0 {
		t.Errorf("the node ended with %d, its report says %d with %d ms to spare", code, report.ExitCode, report.SpareMS)
	}
	return report
}

// passed fails the test unless these are the phases that the drain went through.
func passed(t *testing.T, r *drain.Report, want ...drain.Phase) {
	t.Helper()
	var got []drain.Phase
	for _, p := range r.Phases {
		got = append(got, p.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the drain went through %v, want %v", got, want)
	}
}

// succeeded waits for the task's success and holds it to its run, its attempt and its count of interruptions.
func succeeded(t *testing.T, n *lab.Node, id string, run int64, attempt, interruptions int) lastcall.Task {
	t.Helper()
	got := n.AwaitTask(id, "is done", func(t lastcall.Task) bool { return t.Status.Done() })
	if got.Status != lastcall.Succeeded || got.Run != run || got.Attempt != attempt || got.Interruptions != interruptions {
		t.Errorf("%s %s ended as %s in run %d, attempt %d after %d interruptions, want succeeded in run %d, attempt %d after %d",
			got.Type, id, got.Status, got.Run, got.Attempt, got.Interruptions, run, attempt, interruptions)
	}
	return got
}

// ending is the output of a task of the stubborn program.
type ending struct {
	How        string `json:"how"`
	Run        int64  `json:"run"`
	Attempt    int    `json:"attempt"`
	Checkpoint string `json:"checkpoint"`
}

func endingOf(t *testing.T, task lastcall.Task) ending {
	t.Helper()
	var e ending
	if err := json.Unmarshal(task.Output, &e); err != nil {
		t.Fatalf("output %s: %v", task.Output, err)
	}
	return e
}

// running submits a task of the type for the client and waits until it runs.
func running(n *lab.Node, typ, client string) string {
	id := n.Submit(`{"type":"` + typ + `","client":"` + client + `"}`).ID
	n.AwaitStatus(id, lastcall.Running)
	return id
}
