package sse_test

import (
	"context"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/sse"
)

// polled is the answer of a long-poll.
type polled struct {
	events []lastcall.Event
	at     lastcall.Cursor
	gap    *lastcall.Gap
	took   time.Duration
}

func (n *node) poll(ctx context.Context, client string, after *lastcall.Cursor, wait time.Duration) polled {
	began := time.Now()
	events, at, gap, err := n.Poll(ctx, client, after, wait)
	if err != nil {
		n.t.Error(err)
	}
	return polled{events, at, gap, time.Since(began)}
}

func TestAPollIsAnsweredAtOnceIfThereIsSomething_G5(t *testing.T) {
	n := start(t, sse.Options{})
	for range 30 {
		n.store.Write("alice", succeeded("x"))
	}
	p := n.poll(t.Context(), "alice", nil, time.Minute)
	if len(p.events) != 30 || p.at.Seq != 30 || p.gap != nil || p.took > soon {
		t.Errorf("%d events to %v in %s", len(p.events), p.at, p.took)
	}
	for range 300 {
		n.store.Write("alice", succeeded("x"))
	}
	for seen := int64(30); seen < 330; {
		p = n.poll(t.Context(), "alice", &p.at, time.Minute)
		if len(p.events) == 0 || p.events[0].Seq != seen+1 || p.at.Seq != p.events[len(p.events)-1].Seq {
			t.Fatalf("after %d: %d events to %v", seen, len(p.events), p.at)
		}
		seen = p.at.Seq
	}
}

func TestAPollWaitsForTheFirstEvent(t *testing.T) {
	n := start(t, sse.Options{})
	time.AfterFunc(100*time.Millisecond, func() { n.write("alice", succeeded("x")) })
	if p := n.poll(t.Context(), "alice", nil, time.Minute); len(p.events) != 1 || p.at.Seq != 1 {
		t.Errorf("%+v", p)
	}
	at := lastcall.Cursor{Epoch: n.store.Mailbox("alice").Epoch, Seq: 1}
	if p := n.poll(t.Context(), "alice", &at, 100*time.Millisecond); len(p.events) != 0 || p.at != at || p.took < 100*time.Millisecond {
		t.Errorf("%+v", p)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if p := n.poll(ctx, "alice", &at, time.Minute); len(p.events) != 0 || p.at != at || p.took > soon {
		t.Errorf("%+v", p)
	}
}

func TestAPollThatIsGivenUpDoesNotPassOverWhatItHasRead_G5(t *testing.T) {
	n := start(t, sse.Options{})
	n.store.Write("alice", succeeded("x"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p := n.poll(ctx, "alice", nil, time.Minute); p.at.Seq != int64(len(p.events)) {
		t.Errorf("%d events to %v", len(p.events), p.at)
	}
}

func TestAPollTellsOfAGapAndWhatComesBehindIt_G5(t *testing.T) {
	n := start(t, sse.Options{})
	n.store.Write("alice", succeeded("a"), succeeded("b"), succeeded("c"))
	n.store.Expire("alice", 2)
	at := lastcall.Cursor{Epoch: n.store.Mailbox("alice").Epoch}
	p := n.poll(t.Context(), "alice", &at, time.Minute)
	if p.gap == nil || p.gap.From != 1 || p.gap.To != 2 || len(p.events) != 1 || p.at.Seq != 3 {
		t.Errorf("%+v", p)
	}
	n.store.Expire("alice", 3)
	if p := n.poll(t.Context(), "alice", &at, time.Minute); p.gap == nil || p.gap.To != 3 || p.at.Seq != 3 || p.took > soon {
		t.Errorf("%+v", p)
	}
}

func TestADrainAnswersPollsUnlessATaskOfTheClientRunsHere_G7(t *testing.T) {
	var tasks running
	tasks.set("x")
	n := start(t, sse.Options{Pending: func(client string) []string {
		if client == "alice" {
			return tasks.of(client)
		}
		return nil
	}})
	alice, bob := make(chan polled, 1), make(chan polled, 1)
	go func() { alice <- n.poll(t.Context(), "alice", nil, time.Minute) }()
	go func() { bob <- n.poll(t.Context(), "bob", nil, time.Minute) }()
	until(t, "both wait", func() bool { return n.Connections() == 2 })
	n.handOver(50 * time.Millisecond)
	if p := <-bob; len(p.events) != 0 || p.took > soon {
		t.Errorf("%+v", p)
	}
	n.store.Write("alice", succeeded("x")) // the hint to it is lost
	tasks.set()
	if p := <-alice; len(p.events) != 1 || p.took > soon {
		t.Errorf("%+v", p)
	}
	go func() { bob <- n.poll(t.Context(), "bob", nil, time.Minute) }()
	until(t, "one waits", func() bool { return n.Connections() == 1 })
	n.CloseAll(time.Now().Add(time.Second))
	if p := <-bob; p.took > soon {
		t.Errorf("%+v", p)
	}
	if p := n.poll(t.Context(), "alice", nil, time.Minute); len(p.events) != 1 || p.took > soon {
		t.Errorf("after the end: %+v", p)
	}
}
