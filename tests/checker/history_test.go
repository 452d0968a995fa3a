package checker

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// history is a made-up run of a server that keeps all promises; tests then bend it.
type history struct {
	now     time.Time
	tasks   []*lastcall.Task
	boxes   map[string][]lastcall.Event
	submits []submit
	seen    []lastcall.Task // by one reader
	runs    []ran
}

const epoch = "EPOCH"

func newHistory() *history {
	return &history{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), boxes: map[string][]lastcall.Event{}}
}

func (h *history) tick() time.Time {
	h.now = h.now.Add(time.Second)
	return h.now
}

func (h *history) submit(client, key string) *lastcall.Task {
	s := lastcall.Submission{Type: "echo", Client: client, MaxAttempts: 3, Input: json.RawMessage(`{"n":1}`)}
	t := s.NewTask(fmt.Sprintf("task-%02d", len(h.tasks)), h.tick())
	h.tasks = append(h.tasks, &t)
	first := t
	h.submits = append(h.submits, submit{Submit: Submit{client, key}, task: &first})
	return &t
}

func (h *history) start(t *lastcall.Task) {
	t.Start("incarnation", "node", h.tick())
	h.runs = append(h.runs, ran{task: t.ID, run: t.Run, by: "node", output: json.RawMessage(`"out"`)})
	h.look(t)
}

func (h *history) look(t *lastcall.Task) { h.seen = append(h.seen, *t) }

func (h *history) tell(t *lastcall.Task, ev *lastcall.Event) {
	ev.Seq = int64(len(h.boxes[t.Client]) + 1)
	ev.ID = fmt.Sprint(t.Client, "-", ev.Seq)
	h.boxes[t.Client] = append(h.boxes[t.Client], *ev)
	h.look(t)
}

func (h *history) settle(t *lastcall.Task, v lastcall.Verdict) {
	o := lastcall.Outcome{Task: t.ID, Run: t.Run, Verdict: v, Reason: lastcall.ReleaseDrain}
	switch v {
	case lastcall.Succeed:
		o.Output = json.RawMessage(`"out"`)
	case lastcall.Fail:
		o.Error = &lastcall.TaskError{Code: "x"}
	case lastcall.Release: // has nothing more to say
	}
	ev, _, err := t.Settle(&o, h.tick())
	if err != nil {
		panic(err)
	}
	h.tell(t, ev)
	if t.Status == lastcall.Scheduled {
		t.ToQueue()
	}
}

func (h *history) crash(t *lastcall.Task) {
	h.tell(t, lastcall.Crashed([]*lastcall.Task{t}, 2, h.tick())[0])
}

func (h *history) cancel(t *lastcall.Task) {
	if ev, _ := t.Cancel(h.tick()); ev != nil {
		h.tell(t, ev)
	}
}

// eventful is a history with all that may happen: task-00 succeeds on its second attempt after a drain and a crash,
// task-01 is canceled while it waits, task-02 fails, task-03 is canceled while it runs, task-04 is bob's, task-05
// crashes once too often, task-06 was handed back and then canceled.
func eventful() *history {
	h := newHistory()
	t := h.submit("alice", "key")
	h.start(t)
	h.settle(t, lastcall.Release)
	h.start(t)
	h.crash(t)
	h.start(t)
	h.settle(t, lastcall.Fail)
	h.start(t)
	h.settle(t, lastcall.Succeed)
	h.cancel(h.submit("alice", ""))
	t = h.submit("alice", "")
	for range 3 {
		h.start(t)
		h.settle(t, lastcall.Fail)
	}
	t = h.submit("alice", "")
	h.start(t)
	h.cancel(t)
	h.settle(t, lastcall.Release)
	t = h.submit("bob", "key")
	h.start(t)
	h.settle(t, lastcall.Succeed)
	t = h.submit("bob", "")
	h.start(t)
	h.crash(t)
	h.start(t)
	h.crash(t)
	t = h.submit("bob", "")
	h.start(t)
	h.settle(t, lastcall.Release)
	h.cancel(t)
	return h
}

// log is the record that a test would have made of the history: each client reads its mailbox once live, in two
// connections that overlap by two events, and once in the end.
func (h *history) log() *Log {
	l := &Log{}
	l.submits = append(l.submits, h.submits...)
	for _, t := range h.seen {
		l.TaskSeen("reader", t)
	}
	for _, r := range h.runs {
		l.Effect(r.task, r.run, r.by, r.output)
	}
	for client, events := range h.boxes {
		half := len(events) / 2
		l.read(client, client+"-1", 0, events[:half])
		l.read(client, client+"-2", int64(half-min(half, 2)), events[half-min(half, 2):])
		l.read(client, client+"-end", 0, events)
	}
	var final []lastcall.Task
	for _, t := range h.tasks {
		final = append(final, *t)
	}
	l.Final(final)
	return l
}

// read records a connection from a position on.
func (l *Log) read(client, conn string, from int64, events []lastcall.Event) {
	l.Connected(client, conn, lastcall.Cursor{Epoch: epoch, Seq: from})
	for _, ev := range events {
		l.EventSeen(client, conn, lastcall.Cursor{Epoch: epoch, Seq: ev.Seq}, ev)
	}
}
