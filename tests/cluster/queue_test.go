package cluster_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// A node that is told to stop, and has a peer, begins nothing any more: what waits is the peer's.
func TestANodeThatAnnouncesItsEndClaimsNothing(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2, "--concurrency", "2")
	c.openAll()
	fit()
	n, peer := c.nodes[0], c.nodes[1]
	const tasks = 50 // some seconds of work for both, and more for one
	one := `{"type":"sleep","client":"alice","input":{"ms":500,"steps":1}}`
	if a := n.Do(http.MethodPost, "/v1/tasks:batch", `{"tasks":[`+one+strings.Repeat(","+one, tasks-1)+`]}`); a.Status != http.StatusAccepted {
		t.Fatalf("submit: %d %s", a.Status, a.Body)
	}
	n.Stop()
	n.AwaitPhase(drain.Announce)
	announced := time.Now() // by the clock that the database has too; what was on its way to it by then was claimed before
	if left := record.Count(peer).Queued; left < tasks/4 {
		t.Fatalf("only %d tasks wait: this machine is too slow for the test to say anything", left)
	}
	n.Drained()
	record.Settle(t, peer)
	here := 0
	for _, task := range record.Tasks(t, peer) {
		if task.Status != lastcall.Succeeded || task.Attempt != 1 || task.Run != 1 {
			t.Errorf("G4: %s is %s at attempt %d of run %d", task.ID, task.Status, task.Attempt, task.Run)
		}
		if task.Node != c.names[0] {
			continue
		}
		here++
		if late := task.StartedAt.Sub(announced); late > 500*time.Millisecond {
			t.Errorf("a node that had announced its end began %s %v later", task.ID, late)
		}
	}
	t.Logf("%d of %d tasks ran on the node that was told to stop", here, tasks)
}

// G4, G8: what a node cannot finish in its time it hands back, with its checkpoint. It goes on elsewhere, at no cost.
func TestWhatADrainCutsShortGoesOnElsewhereFromItsCheckpoint(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 2, "--config", "testdata/tasks.yaml", "--grace", "8s", "--drain-hand-back", "5s", "--stop-timeout", "2s")
	n := c.open(0)
	id := c.slow(n, 12*time.Second)
	n.AwaitTask(id, "is under way", func(t lastcall.Task) bool { return t.Progress != nil })
	peer := c.open(1)
	fit()
	n.Stop()
	if r := n.Drained(); r.Tasks.HandedBack != 1 || r.Tasks.Fenced != 0 {
		t.Errorf("the drain came to %+v", r.Tasks)
	}
	task := peer.AwaitTask(id, "has ended", func(t lastcall.Task) bool { return t.Status.Done() })
	var output struct{ Run, From int64 }
	if err := json.Unmarshal(task.Output, &output); err != nil {
		t.Fatalf("%s: %v", task.Output, err)
	}
	switch {
	case task.Status != lastcall.Succeeded || task.Node != c.names[1] || output.Run != 2:
		t.Errorf("it is %s on %s, by run %d", task.Status, task.Node, output.Run)
	case task.Attempt != 1 || task.Interruptions != 1 || task.Crashes != 0:
		t.Errorf("G4: attempt %d, %d interruptions, %d crashes", task.Attempt, task.Interruptions, task.Crashes)
	case output.From < 4: // a second of its work
		t.Errorf("it went on from step %d", output.From)
	}
}
