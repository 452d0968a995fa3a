package takeover_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/load"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// gaps are the times between two processes being told to stop.
var gaps = []time.Duration{0, 100 * time.Millisecond, time.Second, 2 * time.Second, 3 * time.Second}

// wait lets time pass on purpose: it is the distance between two signals that is tested.
func wait(d time.Duration) { <-time.After(d) }

// fit waits until every process would be taken for a peer by the others.
func fit() { wait(lastcall.FitAfter + 500*time.Millisecond) }

// G2, G4, G7: two processes that are told to stop at the same time, or nearly so, never take each other for the one that
// stays: what waits is worked off by one of them, and their clients have every answer before they end.
func TestOfTwoThatAreToldToStopTogetherOneFinishesTheBacklog(t *testing.T) {
	t.Parallel()
	for _, gap := range gaps {
		t.Run(gap.String(), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, 2, "--concurrency", "2")
			a, b := h.open(), h.open()
			fit()
			alice, _ := a.Connect("alice", "")
			bob, _ := b.Connect("bob", "")
			inboxes := map[string]*lab.Inbox{"alice": alice.Follow(true), "bob": bob.Follow(true)}
			const each = 12
			for i := range 2 * each {
				at, client := a, "alice"
				if i%2 == 1 {
					at, client = b, "bob"
				}
				at.Sleep(client, 600*time.Millisecond)
			}
			var knocks sync.WaitGroup
			for _, n := range []*lab.Node{a, b} {
				knocks.Go(func() { knock(t, n) })
			}
			a.Stop()
			wait(gap)
			b.Stop()
			first, second := a.Drained(), b.Drained()
			knocks.Wait()
			t.Logf("the first: %+v\nthe second: %+v", first.Phases, second.Phases)
			n := h.open()
			record.Settle(t, n) // what was accepted to the last
			for _, task := range record.Tasks(t, n) {
				if task.Status != lastcall.Succeeded || task.Attempt != 1 || task.Interruptions != 0 {
					t.Errorf("task %s: %s, attempt %d, %d interruptions", task.ID, task.Status, task.Attempt, task.Interruptions)
				}
			}
			for name, in := range inboxes {
				// Who was sent on by the first may have had to come back to the second, or to nobody: then the rest is
				// in the mailbox.
				rest := n.Resume(in)
				lab.Until(t, name+" has every answer", func() bool { return len(in.Events())+len(rest.Events()) >= each })
			}
		})
	}
}

// knock submits to a node until it has ended. Until its port is closed it either takes a task or refuses it politely, and
// once it has begun to refuse it is alone, and means it.
func knock(t *testing.T, n *lab.Node) {
	t.Helper()
	for {
		a, err := n.Try(t.Context(), "POST", "/v1/tasks", `{"type":"echo","client":"knocker"}`)
		select {
		case <-n.Exited():
			return
		default:
		}
		switch {
		case err != nil:
			wait(20 * time.Millisecond) // it closes, and is gone in a moment: else the test's patience ends
		case a.Status == 202:
		case a.Status != 503 || a.Code() != lastcall.CodeDraining || a.Header.Get("Retry-After") == "":
			t.Errorf("G6: a submit was answered %d %s", a.Status, a.Body)
		}
		wait(10 * time.Millisecond)
	}
}

// G6: two processes that may linger are told to stop together while people use them, and a third is started only then.
// Until it is fit both go on as before; then both hand over to it, and nobody notices.
func TestTwoThatLingerServeUntilAThirdIsThere(t *testing.T) {
	t.Parallel()
	for _, gap := range gaps[:3] {
		t.Run(gap.String(), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, 3, "--drain-linger", "on")
			a, b := h.open(), h.open()
			c := load.Gather(t, load.Plan{}, forwarder(t, h.addrs))
			fit()
			a.Stop()
			wait(gap)
			b.Stop()
			n := h.open()
			first, second := a.Drained(), b.Drained()
			if first.Refused+second.Refused > 0 {
				t.Errorf("something was refused: %+v, %+v", first, second)
			}
			// One may find the other still ready in the store, and announce itself; then the other has to linger.
			if !lab.Passed(first, drain.Linger) && !lab.Passed(second, drain.Linger) {
				t.Errorf("neither lingered: %+v, %+v", first, second)
			}
			c.Home()
			record.End(t, n, c.Log, c.Clients, checker.Expect{Attempts: 1})
			t.Log(fmt.Sprint(c))
		})
	}
}
