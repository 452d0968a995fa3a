package takeover_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/load"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// stall keeps everybody from writing to the store for a time, as a slow disk does, and returns when it has begun. What it
// uses is not ours: Python's own SQLite holds the lock.
func (h *house) stall(d time.Duration) (over <-chan struct{}) {
	h.t.Helper()
	path, _ := strings.CutPrefix(h.store, "sqlite:")
	cmd := exec.CommandContext(h.t.Context(), "python3", "-c", fmt.Sprintf(`
import sqlite3, time
c = sqlite3.connect(%q, isolation_level=None, timeout=20)
c.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(%f)
c.execute("ROLLBACK")
`, path, d.Seconds()))
	out, err := cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	word := make([]byte, 5)
	if _, err := out.Read(word); err != nil {
		h.t.Fatalf("the store could not be stalled: %v", err)
	}
	done := make(chan struct{})
	go func() { // ends with the command
		defer close(done)
		_ = cmd.Wait()
	}()
	return done
}

// G4, G6, G7: a store that hangs for a while, in the middle of the one moment when a node asks it who stays and just
// before it closes, makes everybody wait and costs nobody a request.
func TestATakeoverOutlastsAStoreThatHangs(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{700 * time.Millisecond, 2500 * time.Millisecond} {
		t.Run(d.String(), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, 2)
			old := h.open()
			c := load.Gather(t, load.Plan{}, forwarder(t, h.addrs))
			n := h.open()
			fit()
			over := h.stall(d)
			old.Stop()
			<-over
			old.AwaitPhase(drain.Announce)
			over = h.stall(d)
			r := old.Drained()
			<-over
			c.Home()
			record.End(t, n, c.Log, c.Clients, checker.Expect{Attempts: 1})
			if r.Refused > 0 || !lab.Passed(r, drain.Announce) {
				t.Errorf("the drain was %+v", r)
			}
			t.Logf("%+v\n%v", r.Phases, c)
		})
	}
}

// G1, G6: what has arrived is answered, also when the store needs longer for it than anything else about the drain.
func TestSubmitsThatHangInTheStoreAreAnsweredBeforeTheNodeEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1)
	n := h.open()
	over := h.stall(3 * time.Second)
	answers := make(chan lab.Answer, 5)
	for i := range cap(answers) {
		go func() { // ends with its answer, for which the test waits
			a, err := n.Try(t.Context(), "POST", "/v1/tasks", fmt.Sprintf(`{"type":"echo","input":%d}`, i))
			if err != nil {
				t.Errorf("G6: a submit was cut off: %v", err)
			}
			answers <- a
		}()
	}
	lab.Until(t, "the submits are on their way", func() bool { return n.Do("GET", "/livez", "").Status == 200 })
	wait(500 * time.Millisecond) // they have arrived: nothing that can be asked shows it
	n.Stop()
	for range cap(answers) {
		if a := <-answers; a.Status != 202 {
			t.Errorf("G6: a submit that had arrived was answered %d %s", a.Status, a.Body)
		}
	}
	n.Drained()
	<-over
}
