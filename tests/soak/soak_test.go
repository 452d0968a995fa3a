package soak_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/load"
	"github.com/lastcall-dev/lastcall/tests/pg"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// G1 to G7, G9, G10: three processes on one file, with everything on. Nothing that was promised is broken, and nothing
// grows.
func TestOnAFileWithEverythingOnNothingIsLostAndNothingGrows(t *testing.T) {
	t.Parallel()
	data := lab.Data(t)
	newRig(t, "sqlite", data, 0, file(data)).live()
}

// The same with three nodes on PostgreSQL.
func TestOnPostgreSQLWithEverythingOnNothingIsLostAndNothingGrows(t *testing.T) {
	t.Parallel()
	server := pg.Shared(t)
	newRig(t, "postgres", server.Create(t, "soak"), 1, database(server, "soak")).live()
}

// plan is how a run is cut into windows.
type plan struct {
	windows int
	length  time.Duration
	pace    time.Duration
	every   time.Duration
	keep    time.Duration // retention: longer than a window, whose record is held against what is there at its end
}

func theplan() plan {
	if *soak == 0 {
		return plan{windows: 2, length: 3 * time.Second, pace: 200 * time.Millisecond, every: time.Second, keep: time.Minute}
	}
	n := max(2, int(*soak / *window))
	return plan{windows: n, length: *window, pace: *pace, every: *every, keep: max(time.Minute, 3**window)}
}

// live goes through all windows, and then judges.
func (r *rig) live() {
	r.t.Helper()
	for i := range r.plan.windows {
		// A test of its own for each: one that fails does not keep the next from being judged.
		r.t.Run(fmt.Sprintf("window %d", i+1), func(t *testing.T) { r.window(t, i) })
		r.quiet(i + 1)
		if i == (r.plan.windows-1)/2 {
			r.changePlaces()
		}
	}
	r.judge()
}

// window is a crowd from its coming to its going home, and what is done to a node meanwhile.
func (r *rig) window(t *testing.T, i int) {
	t.Helper()
	kill := (i+r.first)%3 == 1 // now and then; a crowd knows beforehand whether it may be cut off
	outage := load.None
	if kill {
		outage = load.Nodes
	}
	c := load.Gather(t, load.Plan{
		Work: nap, Clients: fmt.Sprintf("window-%d", i+1), Callers: 4, Pace: r.plan.pace, Longest: 800 * time.Millisecond, Outage: outage,
	}, r.front.Addr)
	r.service.tell(c.Log)
	r.invite(t, c, i)
	end := time.After(r.plan.length)
	<-time.After(r.plan.length / 3) // the load is what it is by then
	if kill {
		r.kill()
	} else {
		r.roll()
	}
	<-end
	c.Home()
	front := lab.Front(t, r.front.Addr, nil)
	record.VerifyTheirs(t, front, c.Log, c.Clients, checker.Expect{})
	for range 2 {
		for _, client := range c.Clients {
			// A balancer finds out that a client has left its event stream when there is something to send, or behind it.
			front.Submit(`{"type":"echo","client":"`+client+`"}`, "Prefer: wait=10")
		}
	}
	sum := c.Log.Summary()
	t.Logf("%v\n%v", c, &sum)
}
