package hub_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lastcall-dev/lastcall/hub"
	"github.com/lastcall-dev/lastcall/hub/hubtest"
)

func acked(t *testing.T, store *hubtest.Store, want int64) {
	t.Helper()
	if got := store.Mailbox("alice").Acked; got != want {
		t.Errorf("acknowledged up to %d in the store, want %d", got, want)
	}
}

func TestAcknowledgementsAreSavedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, h := open(t, hub.Options{})
		run(t, h)
		store.Write("alice", several(5)...)
		r := subscribe(t, h, "alice", hub.Start{})
		r.all()
		for seq := range int64(4) {
			r.Ack(seq)
		}
		r.Ack(2) // never back
		synctest.Wait()
		acked(t, store, 0)
		time.Sleep(time.Second + time.Millisecond)
		synctest.Wait()
		acked(t, store, 3)
		store.Fail(errors.New("away"))
		r.Ack(4)
		time.Sleep(3 * time.Second)
		store.Fail(nil)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		acked(t, store, 4)
	})
}

func TestAnAcknowledgementIsSavedOnClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, h := open(t, hub.Options{})
		run(t, h)
		store.Write("alice", several(5)...)
		r := subscribe(t, h, "alice", hub.Start{})
		r.all()
		r.Ack(2)
		r.Close()
		synctest.Wait() // no time passes
		acked(t, store, 2)
	})
}

func TestTheLastAcknowledgementsAreSavedAtTheEnd(t *testing.T) {
	store, h := open(t, hub.Options{Poll: time.Hour})
	store.Write("alice", several(5)...)
	r := subscribe(t, h, "alice", hub.Start{})
	r.all()
	r.Ack(4)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Run(ctx); err != nil {
		t.Fatal(err)
	}
	acked(t, store, 4)
}

func TestAClientComesBackBehindWhatItAcknowledgedAMomentAgo_G5(t *testing.T) {
	store, h := open(t, hub.Options{}) // not running: nothing is saved
	store.Write("alice", several(5)...)
	r := subscribe(t, h, "alice", hub.Start{})
	r.all()
	r.Ack(3)
	r.Close()
	subscribe(t, h, "alice", hub.Start{}).wants("4", "5", "live 5")
}

func TestWhatWasNotToldCannotBeAcknowledged(t *testing.T) {
	store, h := open(t, hub.Options{PageEvents: 2})
	store.Write("alice", several(5)...)
	r := subscribe(t, h, "alice", hub.Start{})
	r.next()
	r.Ack(1 << 62)
	r.Close()
	subscribe(t, h, "alice", hub.Start{}).wants("3", "4", "5", "live 5")
	acked(t, store, 0)
}
