package hub_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/hub"
)

func TestReplayAndLiveAreOneOrderedRow_G5(t *testing.T) {
	store, h := open(t, hub.Options{})
	store.Write("alice", several(2)...)
	r := subscribe(t, h, "alice", hub.Start{})
	r.wants("1", "2", "live 2")
	if r.rung() {
		t.Error("rung although nothing had happened")
	}
	write(store, h, "alice", done("x"))
	write(store, h, "alice", done("y"))
	if !r.rung() || !r.Behind() {
		t.Error("not told of the new event")
	}
	r.wants("3", "4")
	if r.Behind() {
		t.Error("behind after everything was read")
	}
}

func TestTwoDevicesReadEachForItself_G5(t *testing.T) {
	store, h := open(t, hub.Options{})
	store.Write("alice", several(3)...)
	epoch := store.Mailbox("alice").Epoch
	phone := subscribe(t, h, "alice", hub.Start{Resume: &lastcall.Cursor{Epoch: epoch, Seq: 2}})
	laptop := subscribe(t, h, "alice", hub.Start{})
	phone.wants("3", "live 3")
	write(store, h, "alice", done("x"))
	laptop.wants("1", "2", "3", "4", "live 4")
	phone.wants("4")
}

func TestStartingAtTheHeadTellsOnlyWhatComes(t *testing.T) {
	store, h := open(t, hub.Options{})
	store.Write("alice", several(2)...)
	r := subscribe(t, h, "alice", hub.Start{Head: true})
	r.wants("live 2")
	write(store, h, "alice", done("x"))
	r.wants("3")
}

func TestAGapIsToldBeforeAnythingNewer_G5(t *testing.T) {
	type cursor func(epoch string) *lastcall.Cursor
	at := func(seq int64) cursor {
		return func(epoch string) *lastcall.Cursor { return &lastcall.Cursor{Epoch: epoch, Seq: seq} }
	}
	for _, tc := range []struct {
		name   string
		resume cursor
		place  int64 // where the subscriber says it stands
		want   []string
	}{
		{"nothing missed", at(3), 3, []string{"4", "5", "live 5"}},
		{"expired", at(1), 1, []string{"gap expired 2-3 to 3", "4", "5", "live 5"}},
		{"ahead of a restored backup", at(9), 5, []string{"gap ahead 0-0 to 5", "live 5"}},
		{"another epoch", func(string) *lastcall.Cursor {
			return &lastcall.Cursor{Epoch: "other", Seq: 4}
		}, 3, []string{"gap epoch 0-0 to 3", "4", "5", "live 5"}},
		{"no cursor", func(string) *lastcall.Cursor { return nil }, 3, []string{"4", "5", "live 5"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			store, h := open(t, hub.Options{})
			store.Write("alice", several(5)...)
			store.Expire("alice", 3)
			epoch := store.Mailbox("alice").Epoch
			r := subscribe(t, h, "alice", hub.Start{Resume: tc.resume(epoch)})
			if place, head := r.Place(); place != (lastcall.Cursor{Epoch: epoch, Seq: tc.place}) || head != 5 {
				t.Errorf("stands at %v of %d, want %d of 5", place, head, tc.place)
			}
			r.wants(tc.want...)
		})
	}
}

func TestWhatExpiresWhileItIsBeingReadIsAnnounced_G5(t *testing.T) {
	store, h := open(t, hub.Options{PageEvents: 2})
	store.Write("alice", several(6)...)
	r := subscribe(t, h, "alice", hub.Start{})
	if diff := cmp.Diff([]string{"1", "2"}, r.next()); diff != "" {
		t.Error(diff)
	}
	store.Expire("alice", 4)
	r.wants("gap expired 3-4 to 4", "5", "6", "live 6")
}

func TestWhatExpiredBehindTheAcknowledgedPositionIsAnnounced_G5(t *testing.T) {
	store, h := open(t, hub.Options{})
	store.Write("alice", several(6)...)
	epoch := store.Mailbox("alice").Epoch
	if err := store.Ack(t.Context(), "alice", lastcall.Cursor{Epoch: epoch, Seq: 2}); err != nil {
		t.Fatal(err)
	}
	store.Expire("alice", 4)
	subscribe(t, h, "alice", hub.Start{}).wants("gap expired 3-4 to 4", "5", "6", "live 6")
}

func TestAMailboxForgottenUnderItsReaderBeginsAnew_G5(t *testing.T) {
	store, h := open(t, hub.Options{})
	store.Write("alice", several(2)...)
	r := subscribe(t, h, "alice", hub.Start{})
	r.wants("1", "2", "live 2")
	store.Drop("alice")
	h.Moved([]lastcall.Hint{{Client: "alice"}})
	r.wants("gap epoch 0-0 to 0")
	write(store, h, "alice", done("x"))
	r.wants("1")
}

func TestAMailboxSetBackUnderItsReaderIsAnnounced_G5(t *testing.T) {
	store, h := open(t, hub.Options{})
	store.Write("alice", several(3)...)
	r := subscribe(t, h, "alice", hub.Start{})
	r.wants("1", "2", "3", "live 3")
	store.Restore("alice", 1)
	h.Moved([]lastcall.Hint{{Client: "alice"}})
	r.wants("gap ahead 0-0 to 1")
}

func TestAFailingStoreLosesNothingThatWasToBeTold_G5(t *testing.T) {
	store, h := open(t, hub.Options{})
	r := subscribe(t, h, "alice", hub.Start{})
	r.wants("live 0")
	write(store, h, "alice", done("x"))
	state(h, "alice", lastcall.TaskStarted, "y", 1, "{}")
	store.Fail(errors.New("away"))
	if _, err := r.Next(t.Context()); err == nil {
		t.Fatal("no error from a store that fails")
	}
	store.Fail(nil)
	r.wants("1", "task.started y 1 {}")
}

func TestSubscribingToAFailingStoreLeavesNothingBehind(t *testing.T) {
	store, h := open(t, hub.Options{})
	store.Fail(errors.New("away"))
	var b bell
	if _, err := h.Subscribe(t.Context(), "alice", hub.Start{}, &b); err == nil {
		t.Fatal("no error")
	}
	store.Fail(nil)
	write(store, h, "alice", done("x"))
	if b.rung() {
		t.Error("one who is not subscribed was woken")
	}
}

func TestALongReplayIsReadInPagesThatFit(t *testing.T) {
	store, h := open(t, hub.Options{PageEvents: 100, PageBytes: 64 << 10})
	const events = 100_000
	store.Write("alice", several(events)...)
	r := subscribe(t, h, "alice", hub.Start{})
	for want := int64(1); want <= events; {
		b, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, ev := range b.Events {
			if ev.Seq != want {
				t.Fatalf("event %d, want %d", ev.Seq, want)
			}
			want++
		}
	}
	if _, largest := store.Reads(); largest > 100 {
		t.Errorf("%d events were held at once", largest)
	}
}

func TestLargeEventsMakeSmallPages(t *testing.T) {
	store, h := open(t, hub.Options{PageEvents: 100, PageBytes: 64 << 10})
	for i := range 100 {
		big := done(fmt.Sprint("task-", i))
		big.Data = append(append([]byte(`"`), bytes.Repeat([]byte("x"), 32<<10)...), '"')
		store.Write("alice", big)
	}
	r := subscribe(t, h, "alice", hub.Start{})
	for first := true; ; first = false {
		b, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if b.Empty() {
			break
		}
		if most := 2; !first && len(b.Events) > most {
			t.Fatalf("a page of %d events of 32 KiB each, want %d", len(b.Events), most)
		}
	}
}
