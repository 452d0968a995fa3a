package sse_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/sse"
)

// handOver begins a drain in which everyone is sent on within d.
func (n *node) handOver(d time.Duration) {
	n.Announce(time.Now().Add(28 * time.Second))
	n.HandOver(time.Now().Add(d))
}

// leaver is how a stream ended.
type leaver struct {
	at    time.Time
	last  message
	clean bool
}

func (r *reader) leaves() leaver {
	var l leaver
	for {
		m, err := r.read()
		if err != nil {
			l.at, l.clean = time.Now(), errors.Is(err, io.EOF)
			return l
		}
		l.last = m
	}
}

func TestStreamsAreSentOnOneByOneEachWithItsOwnRetry_G6(t *testing.T) {
	const clients, over = 60, 1200 * time.Millisecond
	n := start(t, sse.Options{})
	all := make(chan leaver, clients)
	for i := range clients {
		r := n.open(fmt.Sprint("/events?client=c", i), "")
		r.live()
		go func() { all <- r.leaves() }()
	}
	began := time.Now()
	n.handOver(over)
	var ends, retries []time.Duration
	for range clients {
		l := <-all
		if !l.clean || l.last.name != "drain" || l.last.data.Mode != "handover" || l.last.data.AfterMS == nil ||
			time.Duration(*l.last.data.AfterMS)*time.Millisecond != l.last.retry || l.last.data.DeadlineMS == 0 {
			t.Fatalf("%+v", l)
		}
		ends, retries = append(ends, l.at.Sub(began)), append(retries, l.last.retry)
	}
	slices.Sort(ends)
	slices.Sort(retries)
	if ends[clients/2] < over/4 || ends[clients-1] < over*3/4 {
		t.Errorf("half were gone after %s, the last after %s of %s", ends[clients/2], ends[clients-1], over)
	}
	if retries[0] < 50*time.Millisecond || retries[clients-1] > 500*time.Millisecond || retries[0] == retries[clients-1] {
		t.Errorf("they come back after %s to %s", retries[0], retries[clients-1])
	}
	if got := n.CloseAll(time.Now()); got != (sse.Counts{HandedOver: clients}) {
		t.Errorf("counts %+v", got)
	}
}

func TestAStreamWhoseClientWaitsForATaskStaysUntilItHasTheResult_G7(t *testing.T) {
	var tasks running
	tasks.set("x")
	n := start(t, sse.Options{Pending: tasks.of})
	r := n.open("/events?client=alice", "")
	r.live()
	n.handOver(10 * time.Millisecond)
	if m := r.expect("drain"); m.data.Mode != "finish" || !slices.Equal(m.data.Pending, []string{"x"}) || m.retry != 0 {
		t.Errorf("%+v", m)
	}
	n.store.Write("alice", succeeded("x")) // the hint to it is lost
	tasks.set()
	r.expect("task.succeeded")
	if m := r.expect("drain"); m.data.Mode != "handover" || m.retry == 0 {
		t.Errorf("%+v", m)
	}
	r.ends()
	if got := n.CloseAll(time.Now()); got != (sse.Counts{Served: 1, HandedOver: 1}) {
		t.Errorf("counts %+v", got)
	}
}

func TestAHandOverOfStreamsIsTakenBackWhenThePeerIsGone(t *testing.T) {
	n := start(t, sse.Options{})
	r := n.open("/events?client=alice", "")
	r.live()
	n.handOver(time.Hour)
	r.expect("drain")
	n.HandOver(time.Now().Add(2 * time.Second))
	n.HandOver(time.Time{})
	time.AfterFunc(2200*time.Millisecond, func() { n.write("alice", succeeded("x")) })
	r.expect("task.succeeded") // after it would have been sent on
	by := time.Now().Add(50 * time.Millisecond)
	n.HandOver(by)
	late := n.open("/events?client=bob", "") // comes meanwhile, and is served before it is sent on
	late.expect("welcome")
	for _, r := range []*reader{r, late} {
		if l := r.leaves(); !l.clean || l.last.data.Mode != "handover" {
			t.Errorf("%+v", l)
		}
	}
}

func TestAloneAStreamStaysToTheEndAndItsClientComesBackLater_G7(t *testing.T) {
	n := start(t, sse.Options{})
	r := n.open("/events?client=alice", "")
	r.live()
	n.Announce(time.Now().Add(28 * time.Second))
	r.expect("drain")
	n.write("alice", succeeded("x"))
	until(t, "it is served", func() bool { return n.Unserved() == 0 })
	done := make(chan sse.Counts)
	go func() { done <- n.CloseAll(time.Now().Add(time.Second)) }()
	r.expect("task.succeeded")
	if m := r.expect("drain"); m.data.Mode != "finish" || m.data.AfterMS != nil || m.retry < time.Second || m.retry > 10*time.Second {
		t.Errorf("%+v", m)
	}
	r.ends()
	if got := <-done; got != (sse.Counts{Served: 1}) {
		t.Errorf("counts %+v", got)
	}
}

// An EventSource takes every answer but 200 for a reason to give up.
func TestWhoComesWhenAllIsClosedIsToldToComeBack_G6(t *testing.T) {
	n := start(t, sse.Options{})
	n.store.Put(task(lastcall.Queued, 0))
	n.CloseAll(time.Now())
	for path, first := range map[string]string{"/events?client=alice": "welcome", "/task?id=x": "state"} {
		r := n.open(path, "")
		r.expect(first)
		if m := r.expect("drain"); r.resp.StatusCode != http.StatusOK || m.retry < time.Second || m.data.Mode != "finish" {
			t.Errorf("%s: %d, %+v", path, r.resp.StatusCode, m)
		}
		r.ends()
	}
	n.HandOver(time.Now().Add(time.Minute))
	r := n.open("/events?client=alice", "")
	r.expect("welcome")
	if m := r.expect("drain"); m.retry > time.Second || m.data.Mode != "handover" {
		t.Errorf("%+v", m)
	}
	r.ends()
}

func TestAResultCountsAsUnservedUntilItIsFlushed_G7(t *testing.T) {
	n := start(t, sse.Options{})
	r := n.open("/events?client=alice", "")
	r.live()
	until(t, "nothing is on its way", func() bool { return n.Unserved() == 0 })
	reading, release := n.store.Hold()
	n.write("alice", succeeded("x"))
	<-reading
	if n.Unserved() != 1 {
		t.Error("served before the store has answered")
	}
	release()
	r.expect("task.succeeded")
	until(t, "it is served", func() bool { return n.Unserved() == 0 })
}
