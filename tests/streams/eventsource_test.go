package streams_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/cmd/lastcall/forward"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// TestAnEventSource is about the semantics that every browser brings along: what it does about a lost connection, a retry
// and a 204 is nothing that a page could change.
func TestAnEventSource(t *testing.T) {
	t.Parallel()
	b := install(t)
	t.Run("misses nothing over two SIGKILLs (G5)", func(t *testing.T) {
		t.Parallel()
		missesNothing(t, b)
	})
	t.Run("stays away from a task that is done", func(t *testing.T) {
		t.Parallel()
		staysAway(t, b)
	})
	t.Run("is sent on when the next process takes over (G6, G7)", func(t *testing.T) {
		t.Parallel()
		isSentOn(t, b)
	})
}

func missesNothing(t *testing.T, b browser) {
	t.Helper()
	const lives, each = 3, 20
	store, addr := lab.Data(t), "127.0.0.1:"+lab.FreePort(t)
	n := lab.Start(t, store, "--listen", addr)
	// What a dead process ran is given back, and the mailbox tells of that too.
	p := b.open(t, "http://"+addr+"/v1/events?client=alice", "task.succeeded", "task.interrupted")
	p.skipTo("open")
	next, results := int64(1), 0
	for life := range lives {
		if life > 0 {
			n = lab.Start(t, store, "--listen", addr)
		}
		for i := range each {
			n.Submit(fmt.Sprintf(`{"type":"echo","client":"alice","input":%d}`, i))
		}
		// Some are seen before the process dies, some are on their way, and some are not run yet.
		want := life*each + each/2
		if life == lives-1 {
			want = lives * each
		}
		for ; results < want; next++ {
			if p.event(next).Saw == "task.succeeded" {
				results++
			}
		}
		if life < lives-1 {
			n.Kill()
		}
	}
}

// event waits for the next event, which must have that place in its mailbox.
func (p *page) event(seq int64) sight {
	p.t.Helper()
	s := p.next()
	for s.Saw == "open" || s.Saw == "lost" {
		s = p.next()
	}
	if s.Data.Seq != seq || s.ID != s.Data.Cursor {
		p.t.Fatalf("the page sees %+v, want event %d", s, seq)
	}
	return s
}

func staysAway(t *testing.T, b browser) {
	t.Helper()
	n := lab.Start(t, lab.Data(t))
	task := n.Sleep("alice", 500*time.Millisecond)
	p := b.open(t, "http://"+n.Addr+"/v1/tasks/"+task.ID+"/events", "state", "task.progress", "task.succeeded", "end")
	var saw []string
	for len(saw) == 0 || saw[len(saw)-1] != "closed" {
		s := p.next()
		if s.Saw == "closed" && s.Code != 204 {
			t.Errorf("closed by %d", s.Code)
		}
		saw = append(saw, s.Saw)
	}
	saw = slices.Compact(saw) // progress may come several times, or not at all
	saw = slices.DeleteFunc(saw, func(s string) bool { return s == "task.progress" })
	if want := []string{"open", "state", "task.succeeded", "end", "lost", "closed"}; !slices.Equal(saw, want) {
		t.Errorf("the page saw %v, want %v", saw, want)
	}
}

func isSentOn(t *testing.T, b browser) {
	t.Helper()
	const idle = 4
	store := lab.Data(t)
	old := lab.Start(t, store, "--node", "old", "--drain-announce-min", "1s")
	front := before(t, old.Addr)
	task := old.Sleep("busy", 14*time.Second) // longer than it takes until others are sent on
	old.AwaitStatus(task.ID, lastcall.Running)
	busy := b.open(t, front.url("busy"), "welcome", "task.succeeded", "drain")
	busy.skipTo("welcome")
	var pages []*page
	for i := range idle {
		p := b.open(t, front.url(fmt.Sprint("idle-", i)), "welcome", "task.succeeded", "drain")
		p.skipTo("welcome")
		pages = append(pages, p)
	}
	fresh := lab.Start(t, store, "--node", "fresh")
	front.Add(fresh.Addr)
	old.Signal(syscall.SIGTERM)
	var back []int64
	for _, p := range pages {
		back = append(back, moves(p))
	}
	if soonest := slices.Min(back); soonest >= 1000 {
		t.Errorf("the first came back after %d ms, as if nobody had been told to be quick", soonest)
	}
	if s := busy.next(); s.Saw != "drain" || s.Data.Mode != "finish" {
		t.Errorf("the busy one saw %+v, want to be told to stay", s)
	}
	if s := busy.next(); s.Saw != "task.succeeded" || s.Data.Task != task.ID {
		t.Errorf("the busy one saw %+v, want its result", s)
	}
	moves(busy)
	for i, p := range append(pages, busy) {
		client := fmt.Sprint("idle-", i)
		if p == busy {
			client = "busy"
		}
		again := fresh.Submit(fmt.Sprintf(`{"type":"echo","client":%q,"input":1}`, client))
		if s := p.next(); s.Saw != "task.succeeded" || s.Data.Task != again.ID {
			t.Errorf("%s saw %+v, want the result of %s", client, s, again.ID)
		}
	}
	if _, report := old.Wait(); report == nil || report.Clients.HandedOver != idle+1 || report.Refused != 0 {
		t.Errorf("the old node reports %+v", report)
	}
}

// moves waits until a page was told to go, and is at the fresh node, no sooner than it was told. It returns how long that
// took, in ms.
func moves(p *page) int64 {
	p.t.Helper()
	s := p.skipTo("drain")
	for s.Data.Mode != "handover" {
		s = p.skipTo("drain")
	}
	lost, opened := p.skipTo("lost"), p.skipTo("open")
	took := opened.At - lost.At
	if took < s.Data.AfterMS-5 { // clocks of programs are not that exact
		p.t.Errorf("came back after %d ms, was told %d", took, s.Data.AfterMS)
	}
	if w := p.skipTo("welcome"); w.Data.Node != "fresh" {
		p.t.Errorf("came back to %q", w.Data.Node)
	}
	return took
}

// front is a balancer that follows readiness.
type front struct {
	*forward.Forwarder
	addr string
}

func (f front) url(client string) string { return "http://" + f.addr + "/v1/events?client=" + client }

func before(t *testing.T, addr string) front {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := front{forward.New(100 * time.Millisecond), ln.Addr().String()}
	f.Add(addr)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, ln) }() // ends with ctx, and is waited for
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	lab.Until(t, "the balancer has found the node", func() bool { return len(f.Ready()) == 1 })
	return f
}
