package hub_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/hub"
)

func TestWhoWatchesATaskIsToldOfItsChanges(t *testing.T) {
	_, h := open(t, hub.Options{})
	changed, stop := h.WatchTask("x")
	other, stopOther := h.WatchTask("x")
	defer stopOther()
	h.Moved([]lastcall.Hint{{Task: "x"}, {Task: "x"}, {Task: "y"}})
	<-changed
	<-other
	select {
	case <-changed:
		t.Error("told twice of what one look shows")
	default:
	}
	stop()
	h.Moved([]lastcall.Hint{{Task: "x"}})
	<-other
	select {
	case <-changed:
		t.Error("told after it had stopped")
	default:
	}
}

func TestWatchedTasksAreToldAsTheyStandUntilTheyAreDone(t *testing.T) {
	store, h := open(t, hub.Options{})
	r := live(t, h, "service")
	store.Put(lastcall.Task{ID: "x", Client: "alice", Status: lastcall.Queued})
	if err := r.Watch([]string{"x", "nothing", "x"}); err != nil {
		t.Fatal(err)
	}
	if !r.rung() {
		t.Error("not woken for what it has begun to watch")
	}
	if got := r.all(); len(got) != 2 {
		t.Errorf("told %q, want the task as it stands and that the other is not there", got)
	}
	store.Put(lastcall.Task{ID: "x", Client: "alice", Status: lastcall.Running})
	h.Moved([]lastcall.Hint{{Task: "x", Client: "alice"}})
	r.wants("watched x running")
	store.Put(lastcall.Task{ID: "x", Client: "alice", Status: lastcall.Succeeded})
	h.Moved([]lastcall.Hint{{Task: "x", Client: "alice"}})
	r.wants("watched x succeeded")
	h.Moved([]lastcall.Hint{{Task: "x"}})
	r.wants()
}

func TestAWatchedTaskWhoseHintIsLostIsFoundByThePoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, h := open(t, hub.Options{})
		run(t, h)
		r := live(t, h, "service")
		store.Put(lastcall.Task{ID: "x", Status: lastcall.Queued})
		if err := r.Watch([]string{"x"}); err != nil {
			t.Fatal(err)
		}
		r.wants("watched x queued")
		r.rung()
		store.Put(lastcall.Task{ID: "x", Status: lastcall.Canceled})
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if !r.rung() {
			t.Error("not looked at again")
		}
		r.wants("watched x canceled")
	})
}

func TestWatchingIsBounded(t *testing.T) {
	_, h := open(t, hub.Options{})
	r := live(t, h, "service")
	ids := make([]string, hub.MaxWatched)
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	if err := r.Watch(ids); err != nil {
		t.Fatal(err)
	}
	if err := r.Watch(ids[:10]); err != nil {
		t.Errorf("watching the same again: %v", err)
	}
	if err := r.Watch([]string{"one more"}); err == nil {
		t.Error("one more was taken")
	}
}
