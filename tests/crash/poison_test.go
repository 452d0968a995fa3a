package crash_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// G4: a task that kills its process has killed three when it is failed; of the innocent that ran beside it each succeeds
// at its first attempt. Only in the first crash can nobody know who it was: from then on suspects run one at a time, and
// are charged alone. The poison goes before the others in the line, so that innocent ones run beside it each time.
func TestAPoisonTaskFailsAloneAfterThreeCrashes(t *testing.T) {
	const innocent, concurrency = 200, 16
	s := ledgerSite(t, "--concurrency", strconv.Itoa(concurrency))
	log := &checker.Log{}
	n := s.open()
	var poison lastcall.Task
	n.Do(http.MethodPost, "/v1/queues/default/pause", "") // until all of them are here
	for i := range innocent {
		submit(n, log, fmt.Sprintf(`{"type":"work","client":"innocent","input":{"ms":%d}}`, 5+i%20))
		if i == innocent/2 {
			poison = submit(n, log, `{"type":"poison","client":"poisoner","priority":1}`)
		}
	}
	_, _ = n.Try(t.Context(), http.MethodPost, "/v1/queues/default/resume", "") // the answer may die with the node
	crashes := 0
	for !outlives(t, n, poison.ID) {
		crashes++
		n = lab.Launch(t, s.start())
	}
	record.Settle(t, n)
	readLedger(t, s.ledger(), log)
	record.End(t, n, log, []string{"innocent", "poisoner"}, checker.Expect{})
	charged := 0
	for _, task := range record.Tasks(t, n) {
		switch {
		case task.ID == poison.ID:
			if task.Status != lastcall.Failed || task.Error.Code != lastcall.FailureCrashed || task.Crashes != lastcall.DefaultMaxCrashes {
				t.Errorf("the poison task is %s after %d crashes: %+v", task.Status, task.Crashes, task.Error)
			}
		case task.Status != lastcall.Succeeded || task.Attempt != 1 || task.Crashes > 1:
			t.Errorf("an innocent task is %s at attempt %d after %d crashes: %+v", task.Status, task.Attempt, task.Crashes, task.Error)
		default:
			charged += task.Crashes
		}
	}
	if crashes != lastcall.DefaultMaxCrashes || charged >= concurrency {
		t.Errorf("%d processes died, want %d; %d innocent tasks were charged, at most %d can be",
			crashes, lastcall.DefaultMaxCrashes, charged, concurrency-1)
	}
	t.Logf("%d processes died; %d of %d innocent tasks were charged, once", crashes, charged, innocent)
}

// submit submits a task that is to be acknowledged.
func submit(n *lab.Node, log *checker.Log, body string, headers ...string) lastcall.Task {
	task := n.Submit(body, headers...)
	log.Submitted(checker.Submit{Client: task.Client}, task)
	return task
}

// outlives reports whether a node is still there when a task has ended. It may end at any time, before it serves too.
func outlives(t *testing.T, n *lab.Node, id string) bool {
	t.Helper()
	select {
	case <-n.Serving():
	case <-n.Exited():
		return false
	}
	var task lastcall.Task
	ended := false
	lab.Until(t, "the poison task or its node has ended", func() bool {
		a, err := n.Try(t.Context(), http.MethodGet, "/v1/tasks/"+id, "")
		if ended = err != nil; ended {
			<-n.Exited()
			return true
		}
		a.Decode(n, &task)
		return task.Status.Done()
	})
	return !ended
}
