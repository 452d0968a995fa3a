package sse_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/httpapi/sse"
)

func task(status lastcall.Status, run int64) lastcall.Task {
	return lastcall.Task{ID: "x", Client: "alice", Status: status, Run: run, Output: []byte("1")}
}

func TestATaskIsFollowedFromItsStateToItsEnd_G5(t *testing.T) {
	n := start(t, sse.Options{})
	n.store.Write("alice", succeeded("another"))
	n.store.Put(task(lastcall.Queued, 0))
	r := n.open("/task?id=x", "")
	if m := r.expect("state"); m.id != "" || m.data.T != "state" || m.data.Type != "task.queued" || m.data.Status != "queued" || m.retry == 0 {
		t.Errorf("%+v", m)
	}
	running := task(lastcall.Running, 1)
	n.put(running)
	r.expect("task.started")
	running.Progress = &lastcall.Progress{Percent: 42, At: time.Now()}
	n.put(running)
	if m := r.expect("task.progress"); m.id != "" || m.data.Status != "running" {
		t.Errorf("%+v", m)
	}
	n.store.Write("alice", lastcall.Event{Type: lastcall.TaskInterrupted, Task: "x", Run: 1})
	n.put(task(lastcall.Queued, 1))
	if m := r.expect("task.interrupted"); m.id != m.data.Cursor || m.data.Seq != 2 {
		t.Errorf("%+v", m)
	}
	r.expect("task.queued")
	n.store.Write("alice", succeeded("another"), succeeded("x"))
	n.store.Put(task(lastcall.Succeeded, 2)) // the hint to it is lost
	done := r.expect("task.succeeded")
	end := r.expect("end")
	if done.data.Seq != 4 || end.id == "" || end.id == done.id || end.data.Status != "succeeded" {
		t.Errorf("%+v, %+v", done, end)
	}
	r.ends()
	for _, id := range []string{end.id, done.id} {
		if again := n.open("/task?id=x", id); again.resp.StatusCode != http.StatusNoContent {
			t.Errorf("whoever has seen %s gets %d", id, again.resp.StatusCode)
		}
	}
}

func TestWhoComesWhenATaskIsDoneIsToldHowItEnded(t *testing.T) {
	n := start(t, sse.Options{})
	n.store.Write("alice", lastcall.Event{Type: lastcall.TaskRetrying, Task: "x", Run: 1}, succeeded("x"))
	n.store.Put(task(lastcall.Succeeded, 2))
	epoch := n.store.Mailbox("alice").Epoch
	for name, lastID := range map[string]string{
		"for the first time": "", "from the middle": epoch + ":1", "from another life": "other:2", "with nonsense": "x",
	} {
		t.Run(name, func(t *testing.T) {
			r := n.open("/task?id=x", lastID)
			if m := r.expect("state"); m.data.Status != "succeeded" || string(m.data.Data) != `{"output":1}` {
				t.Errorf("%+v", m)
			}
			if m := r.expect("task.succeeded"); m.data.Seq != 2 {
				t.Errorf("%+v", m)
			}
			r.expect("end")
			r.ends()
		})
	}
	n.store.Expire("alice", 2)
	r := n.open("/task?id=x", "")
	r.expect("state")
	r.expect("end")
	if again := n.open("/task?id=x", epoch+":2"); again.resp.StatusCode != http.StatusNoContent {
		t.Errorf("answered %d", again.resp.StatusCode)
	}
}

func TestATaskThatIsNotThereHasNoStream_G10(t *testing.T) {
	n := start(t, sse.Options{})
	if r := n.open("/task?id=none", ""); r.resp.StatusCode != http.StatusNotFound {
		t.Errorf("answered %d", r.resp.StatusCode)
	}
}

func TestWhoFollowsATaskThatRunsHereStaysInADrain_G7(t *testing.T) {
	var tasks running
	tasks.set("x")
	n := start(t, sse.Options{Here: tasks.here})
	n.store.Put(task(lastcall.Running, 1))
	n.store.Put(lastcall.Task{ID: "y", Client: "bob", Status: lastcall.Queued})
	here, elsewhere := n.open("/task?id=x", ""), n.open("/task?id=y", "")
	here.expect("state")
	elsewhere.expect("state")
	n.handOver(50 * time.Millisecond)
	if l := elsewhere.leaves(); !l.clean || l.last.data.Mode != "handover" || l.last.retry == 0 {
		t.Errorf("%+v", l)
	}
	if m := here.expect("drain"); m.data.Mode != "finish" || len(m.data.Pending) != 1 {
		t.Errorf("%+v", m)
	}
	if n.Unserved() != 1 {
		t.Error("taken for served while its task runs here")
	}
	n.store.Write("alice", succeeded("x"))
	n.put(task(lastcall.Succeeded, 1))
	tasks.set()
	here.expect("task.succeeded")
	here.expect("end")
	here.ends()
	until(t, "nobody is left", func() bool { return n.Connections() == 0 && n.Unserved() == 0 })
	if got := n.CloseAll(time.Now()); got != (sse.Counts{Served: 1, HandedOver: 1}) {
		t.Errorf("counts %+v", got)
	}
}

func TestATaskThatIsHandedBackSendsItsFollowersOn_G7(t *testing.T) {
	var tasks running
	tasks.set("x")
	n := start(t, sse.Options{Here: tasks.here})
	n.store.Put(task(lastcall.Running, 1))
	r := n.open("/task?id=x", "")
	r.expect("state")
	n.handOver(50 * time.Millisecond)
	r.expect("drain")
	tasks.set()
	n.store.Write("alice", lastcall.Event{Type: lastcall.TaskInterrupted, Task: "x", Run: 1})
	n.put(task(lastcall.Queued, 1))
	r.expect("task.interrupted")
	if l := r.leaves(); !l.clean || l.last.data.Mode != "handover" {
		t.Errorf("%+v", l)
	}
}
