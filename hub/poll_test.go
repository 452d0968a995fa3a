package hub_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/hub"
)

func TestALostHintCostsAMomentNotAnEvent_G5(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, h := open(t, hub.Options{})
		run(t, h)
		r := live(t, h, "alice")
		store.Write("alice", done("x")) // and no hint
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if !r.rung() {
			t.Error("not found within a poll")
		}
		r.wants("1")
	})
}

func TestTheRotationComesToEveryoneWithoutAskingForAllAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, h := open(t, hub.Options{PollMailboxes: 10})
		run(t, h)
		readers := make([]*reader, 95)
		for i := range readers {
			client := fmt.Sprint("client-", i)
			readers[i] = live(t, h, client)
			store.Write(client, done("x"))
		}
		before, _ := store.Reads()
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if now, _ := store.Reads(); now-before != 10 {
			t.Errorf("one turn looked at %d mailboxes, want 10", now-before)
		}
		time.Sleep(10 * 1100 * time.Millisecond)
		synctest.Wait()
		for i, r := range readers {
			if !r.rung() {
				t.Errorf("reader %d was never looked at", i)
			}
		}
	})
}

func TestAnEmptyHintHasEveryoneLookedAtSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, h := open(t, hub.Options{PollMailboxes: 10, Poll: time.Hour})
		run(t, h)
		readers := make([]*reader, 95)
		for i := range readers {
			client := fmt.Sprint("client-", i)
			readers[i] = live(t, h, client)
			store.Write(client, done("x"))
		}
		h.Moved([]lastcall.Hint{{}})
		time.Sleep(10 * 25 * time.Millisecond)
		synctest.Wait()
		for i, r := range readers {
			if !r.rung() {
				t.Errorf("reader %d was not looked at", i)
			}
		}
		before, _ := store.Reads()
		for range 1000 { // a second of a busy neighbour
			h.Moved([]lastcall.Hint{{}})
			time.Sleep(time.Millisecond)
		}
		if now, _ := store.Reads(); now-before > 41*10 {
			t.Errorf("%d looks in a second, want at most 400 or so", now-before)
		}
	})
}

func TestAfterSyncBehindNeedsNoHint_G7(t *testing.T) {
	store, h := open(t, hub.Options{})
	var readers []*reader
	for i := range 100 {
		readers = append(readers, live(t, h, fmt.Sprint("client-", i)))
	}
	store.Write("client-42", done("x"))
	if err := h.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, r := range readers {
		if r.Behind() != (i == 42) {
			t.Errorf("reader %d behind: %v", i, r.Behind())
		}
	}
	store.Fail(errors.New("away"))
	if err := h.Sync(t.Context()); err == nil {
		t.Error("a store that cannot be asked was believed")
	}
}

func TestOneWhoHasLeftIsNotWoken(t *testing.T) {
	store, h := open(t, hub.Options{})
	first, second := live(t, h, "alice"), live(t, h, "alice")
	first.Close()
	first.Close() // twice does no harm
	write(store, h, "alice", done("x"))
	state(h, "alice", lastcall.TaskStarted, "y", 1, "{}")
	if first.rung() || !second.rung() {
		t.Error("the wrong one was woken")
	}
	second.Close()
	write(store, h, "alice", done("z"))
	if err := h.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}
