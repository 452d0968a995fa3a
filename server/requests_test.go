package server //nolint:testpackage // the counting is its own; its use is tested by tests/takeover

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// G6: what has arrived whole before the close is waited for, and what comes during it is not, or a client that asks
// without end would keep the process.
func TestACloseWaitsForWhatHadArrivedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q requests
		early, done := q.Arrived(), q.Arrived()
		q.Answered(done)
		settled := make(chan bool, 1)
		go func() { settled <- q.settle(t.Context()) }()
		synctest.Wait()
		q.Arrived() // and never answered
		select {
		case <-settled:
			t.Fatal("it did not wait")
		default:
		}
		q.Answered(early)
		if !<-settled {
			t.Error("it waited for what came later")
		}
	})
}

func TestACloseWaitsNoLongerThanItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q requests
		q.Arrived()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if q.settle(ctx) {
			t.Error("something was settled")
		}
	})
}

func TestACloseOfAnIdleNodeWaitsForNothing(t *testing.T) {
	var q requests
	q.Answered(q.Arrived())
	if !q.settle(t.Context()) {
		t.Error("something was waited for")
	}
}

// A turn that the drain went on without must not set the switches back when it comes through at last.
func TestALateTurnChangesNothing(t *testing.T) {
	var ts turns
	stuck, now := ts.next(), ts.next()
	phase := ""
	if !ts.take(now, func() { phase = "finish" }) || ts.take(stuck, func() { phase = "announce" }) || phase != "finish" {
		t.Errorf("the phase is %s", phase)
	}
}
