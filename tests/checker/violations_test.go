package checker

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// edit changes what all connections were shown of an event.
func (h *history) edit(client string, typ lastcall.EventType, change func(*lastcall.Event)) {
	box := h.boxes[client]
	change(&box[slices.IndexFunc(box, func(e lastcall.Event) bool { return e.Type == typ })])
}

// drop takes an event out of a mailbox and closes the numbers up behind it.
func (h *history) drop(client string, typ lastcall.EventType) {
	box := h.boxes[client]
	i := slices.IndexFunc(box, func(e lastcall.Event) bool { return e.Type == typ })
	box = slices.Delete(box, i, i+1)
	for i := range box {
		box[i].Seq = int64(i + 1)
	}
	h.boxes[client] = box
}

// Each way to break a promise is found, by the right name. Bend changes what happened, blur what was recorded of it.
func TestEveryViolationIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		bend   func(*history)
		blur   func(*Log)
		expect Expect
		want   string // promise and finding
	}{
		"an acknowledged task is not in the final list": {
			blur: func(l *Log) { delete(l.final, "task-01") }, want: "G1 an acknowledged task is lost",
		},
		"an acknowledged task came back with another input": {
			bend: func(h *history) { h.tasks[1].Input = json.RawMessage(`{}`) }, want: "G1 an acknowledged task has become another",
		},
		"a task that a reader saw is not in the final list": {
			blur: func(l *Log) { delete(l.final, "task-02") }, want: "G1 a task that was shown is lost",
		},
		"the final list has a task twice": {
			blur: func(l *Log) { l.Final([]lastcall.Task{l.final["task-01"], l.final["task-01"]}) }, want: "G2 a task is there twice",
		},
		"a refused submit made a task": {
			bend: func(h *history) {
				h.submits[1] = submit{Submit: Submit{Client: "alice"}, refused: lastcall.CodeDraining}
			},
			want: "G10 tasks are there that nobody was promised",
		},
		"a submit of unknown fate made two tasks": {
			bend: func(h *history) {
				h.submits = slices.Delete(h.submits, 1, 4)
				h.submits = append(h.submits, submit{Submit: Submit{"alice", "k"}}, submit{Submit: Submit{"alice", "k"}})
			},
			want: "G10 tasks are there that nobody was promised",
		},
		"a key that was acknowledged made another task beside": {
			bend: func(h *history) { h.submits[1] = submit{Submit: Submit{"alice", "key"}} },
			want: "G10 tasks are there that nobody was promised",
		},
		"a key was answered with two tasks": {
			bend: func(h *history) { h.submits[1].Key = "key" }, want: "G10 an idempotency key has made two tasks",
		},
		"a task is still queued": {
			bend: func(h *history) { h.submit("alice", "") }, want: "G2 a task has no end",
		},
		"a task is succeeded but never finished": {
			bend: func(h *history) { h.tasks[0].FinishedAt = nil }, want: "G2 a task's status and its end disagree",
		},
		"a task was seen canceled and ended as succeeded": {
			blur: func(l *Log) {
				gone := l.final["task-00"]
				gone.Status = lastcall.Canceled
				l.TaskSeen("other", gone)
			}, want: "G2 a task has two ends",
		},
		"a finished task was seen with another output later": {
			blur: func(l *Log) {
				task := l.final["task-00"]
				task.Output = json.RawMessage(`"other"`)
				l.TaskSeen("reader", task)
			}, want: "G2 a task has two ends",
		},
		"a finished task was seen running again": {
			blur: func(l *Log) {
				task := l.final["task-00"]
				task.Status, task.FinishedAt = lastcall.Running, nil
				l.TaskSeen("reader", task)
			}, want: "G2 a task has two ends",
		},
		"a task was seen at an older run": {
			blur: func(l *Log) { l.TaskSeen("other", seenAtRun(l, 2)); l.TaskSeen("other", seenAtRun(l, 1)) }, want: "G3 the fence went back",
		},
		"a task lost an interruption": {
			blur: func(l *Log) {
				task := seenAtRun(l, 3)
				task.Interruptions--
				l.TaskSeen("other", seenAtRun(l, 2))
				l.TaskSeen("other", task)
			}, want: "G4 a count went back",
		},
		"a hand-back cost an attempt": {
			bend: func(h *history) {
				h.tasks[0].Attempt++
				h.edit("alice", lastcall.TaskSucceeded, func(e *lastcall.Event) { e.Attempt++ })
			}, want: "G4 attempts do not add up",
		},
		"a hand-back was not counted": {
			blur: func(l *Log) {
				task := l.final["task-06"]
				task.Interruptions = 0
				l.final["task-06"], l.seen = task, nil
			}, want: "G4 interruptions do not add up",
		},
		"a run left no trace": {
			bend: func(h *history) {
				h.tasks[0].Run++
				h.edit("alice", lastcall.TaskSucceeded, func(e *lastcall.Event) { e.Run++ })
			}, want: "G3 runs and events do not add up",
		},
		"attempts were used up in a scenario that allows none": {
			expect: Expect{Attempts: 1}, want: "G4 attempts were used up",
		},
		"a client was told of two ends": {
			bend: func(h *history) {
				again := h.boxes["alice"][slices.IndexFunc(h.boxes["alice"], isTerminal)]
				h.tell(h.tasks[0], &again)
			}, want: "G2 a task was ended twice",
		},
		"a client was told of a retry after the end": {
			bend: func(h *history) {
				again := h.boxes["alice"][slices.IndexFunc(h.boxes["alice"], isTerminal)]
				again.Type = lastcall.TaskRetrying
				h.tell(h.tasks[0], &again)
			}, want: "G2 a task went on after its end",
		},
		"an old run's success was written": {
			bend: func(h *history) {
				h.edit("alice", lastcall.TaskSucceeded, func(e *lastcall.Event) { e.Run = 2 })
			}, want: "G3 an older run was believed",
		},
		"one run was ended twice": {
			bend: func(h *history) {
				h.edit("alice", lastcall.TaskRetrying, func(e *lastcall.Event) { e.Run = 2 })
			}, want: "G3 an older run was believed",
		},
		"a run that began after the one that was believed": {
			blur: func(l *Log) { l.Effect("task-00", 5, "node-b", nil) }, want: "G3 an older run was believed",
		},
		"a run was begun by two nodes": {
			blur: func(l *Log) { l.Effect("task-00", 4, "node-b", nil) }, want: "G3 a run was begun twice",
		},
		"a success without a run": {
			blur: func(l *Log) { l.runs = slices.DeleteFunc(l.runs, func(r ran) bool { return r.run == 4 }) },
			want: "G3 a success that nobody worked for",
		},
		"an output that its run has not returned": {
			blur: func(l *Log) {
				for i := range l.runs {
					l.runs[i].output = json.RawMessage(`"mine"`)
				}
			}, want: "G3 the output is not its run's",
		},
		"a client was never told of an end": {
			bend: func(h *history) { h.drop("alice", lastcall.TaskSucceeded) }, want: "G5 a client was not told of an end",
		},
		"the event has another output": {
			bend: func(h *history) {
				h.edit("bob", lastcall.TaskSucceeded, func(e *lastcall.Event) { e.Data = json.RawMessage(`{"output":1}`) })
			}, want: "G5 the event and the task disagree",
		},
		"the event has an output that is no JSON": {
			bend: func(h *history) {
				h.edit("bob", lastcall.TaskSucceeded, func(e *lastcall.Event) { e.Data = json.RawMessage(`{`) })
			}, want: "G5 the event and the task disagree",
		},
		"the event has another error": {
			bend: func(h *history) {
				h.edit("alice", lastcall.TaskFailed, func(e *lastcall.Event) { e.Data = json.RawMessage(`{"error":{"code":"y"}}`) })
			}, want: "G5 the event and the task disagree",
		},
		"the event is of another time": {
			bend: func(h *history) {
				h.edit("bob", lastcall.TaskSucceeded, func(e *lastcall.Event) { e.At = e.At.Add(time.Microsecond) })
			}, want: "G5 the event and the task disagree",
		},
		"the event tells of another end": {
			bend: func(h *history) {
				h.edit("bob", lastcall.TaskSucceeded, func(e *lastcall.Event) { e.Type = lastcall.TaskCanceled })
			}, want: "G5 the event and the task disagree",
		},
		"a client was told of a task that is gone": {
			blur: func(l *Log) { delete(l.final, "task-01") }, want: "G5 a client was told of a task that is not there",
		},
		"a client was told of another's task": {
			bend: func(h *history) {
				h.edit("bob", lastcall.TaskSucceeded, func(e *lastcall.Event) { e.Task = "task-01" })
			},
			want: "G11 a client was told of another's task",
		},
		"an event was skipped on one connection": {
			blur: func(l *Log) { cut(l, "alice-end", 3) }, want: "G5 events were skipped",
		},
		"the first event after a resume was skipped": {
			blur: func(l *Log) { cut(l, "alice-2", 0) }, want: "G5 events were skipped",
		},
		"an event came twice on one connection": {
			blur: func(l *Log) {
				l.conns["bob-end"].frames = append(l.conns["bob-end"].frames, l.conns["bob-end"].frames[0])
			},
			want: "G5 an event came out of order",
		},
		"an event was never delivered to anybody": {
			blur: func(l *Log) {
				for _, c := range l.conns {
					c.from = nil
					c.frames = slices.DeleteFunc(c.frames, func(f frame) bool { return f.cursor.Seq == 1 })
				}
			}, want: "G5 an event was never delivered",
		},
		"an event changed between two deliveries": {
			blur: func(l *Log) { l.conns["alice-1"].frames[1].event.ID = "other" }, want: "G5 an event changed between two deliveries",
		},
		"the epoch changed on a connection": {
			blur: func(l *Log) { l.conns["bob-end"].frames[1].cursor.Epoch = "OTHER" }, want: "G5 the epoch changed unannounced",
		},
		"the epoch changed between connections": {
			blur: func(l *Log) {
				l.EventSeen("bob", "bob-3", lastcall.Cursor{Epoch: "OTHER", Seq: 1}, *l.conns["bob-1"].frames[0].event)
			},
			want: "G5 a mailbox has two epochs",
		},
		"a cursor belongs to another event": {
			blur: func(l *Log) { l.conns["bob-end"].frames[1].cursor.Seq = 9 }, want: "G5 a cursor is not its event's",
		},
		"a gap where none may be": {
			blur: func(l *Log) {
				l.Gap("bob", "bob-3", lastcall.Gap{Why: lastcall.GapAhead, Cursor: lastcall.Cursor{Epoch: epoch, Seq: 1}})
			},
			want: "G5 events are gone",
		},
		"a gap that hides more than it says": {
			blur: func(l *Log) {
				l.Connected("bob", "bob-3", lastcall.Cursor{Epoch: epoch})
				l.Gap("bob", "bob-3", lastcall.Gap{Why: lastcall.GapExpired, From: 1, To: 1, Cursor: lastcall.Cursor{Epoch: epoch, Seq: 3}})
			},
			expect: Expect{Gaps: true}, want: "G5 a gap is not where it says",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := eventful()
			if c.bend != nil {
				c.bend(h)
			}
			l := h.log()
			if c.blur != nil {
				c.blur(l)
			}
			found := l.Verify(c.expect)
			if !slices.ContainsFunc(found, func(v Violation) bool { return v.Promise+" "+v.What == c.want }) {
				t.Errorf("want %q, found:\n%s", c.want, Report(found))
			}
		})
	}
}

func isTerminal(e lastcall.Event) bool { return e.Type.Terminal() }

// seenAtRun is what the reader saw of task-00 at a run.
func seenAtRun(l *Log, run int64) lastcall.Task {
	all := l.seen["reader"]
	return all[slices.IndexFunc(all, func(t lastcall.Task) bool { return t.ID == "task-00" && t.Run == run && t.Status == lastcall.Running })]
}

// cut takes a frame out of a connection.
func cut(l *Log, conn string, i int) {
	c := l.conns[conn]
	c.frames = slices.Delete(c.frames, i, i+1)
}
