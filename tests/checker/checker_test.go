package checker

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAHistoryThatKeepsAllPromisesHasNoViolation(t *testing.T) {
	l := eventful().log()
	if found := l.Verify(Expect{}); len(found) != 0 {
		t.Fatalf("found:\n%s", Report(found))
	}
	s := l.Summary()
	want := Summary{
		Submitted: 7, Tasks: 7, Succeeded: 2, Failed: 2, Canceled: 3, Runs: 12, Interrupted: 2, Crashed: 3, Retried: 3,
		Clients: 2, Connections: 6, Events: s.Events, Redelivered: s.Redelivered, HandlersBegan: 12,
	}
	if s != want || s.Events != 14 || s.Redelivered != s.Events+4 {
		t.Errorf("the summary is\n%s\nwant\n%s", s.String(), want.String())
	}
	if got := s.String(); !strings.Contains(got, "succeeded 2") || strings.Count(got, "\n") != 4 {
		t.Errorf("the table is\n%s", got)
	}
}

func TestASummaryCountsWhatTheRecordHolds(t *testing.T) {
	var l Log
	l.SubmitUnknown(Submit{Client: "alice"})
	l.Refused(Submit{Client: "alice"}, lastcall.CodeDraining)
	l.Refused(Submit{Client: "alice"}, lastcall.CodeDraining)
	l.Gap("alice", "alice-1", lastcall.Gap{Why: lastcall.GapExpired, From: 1, To: 3, Cursor: lastcall.Cursor{Epoch: epoch, Seq: 3}})
	l.Final([]lastcall.Task{{ID: "a", Status: lastcall.Expired}, {ID: "b", Status: lastcall.Queued, Run: 3, Interruptions: 2, Crashes: 1}})
	want := Summary{
		Unknown: 1, Refused: 2, Tasks: 2, Expired: 1, Unfinished: 1, Runs: 3, Interrupted: 2, Crashed: 1, Clients: 1, Connections: 1, Gaps: 1,
	}
	if got := l.Summary(); got != want {
		t.Errorf("the summary is\n%s\nwant\n%s", got.String(), want.String())
	}
}

// What may happen is no violation.
func TestWhatMayHappenIsNoViolation(t *testing.T) {
	for name, c := range map[string]struct {
		bend   func(*history)
		blur   func(*Log)
		expect Expect
	}{
		"a submit of unknown fate made a task": {
			bend: func(h *history) { h.submits[1] = submit{Submit: Submit{Client: "alice"}} },
		},
		"a submit of unknown fate made none": {blur: func(l *Log) { l.SubmitUnknown(Submit{Client: "alice", Key: "new"}) }},
		"a submit of unknown fate was repeated under its key and acknowledged": {
			blur: func(l *Log) { l.SubmitUnknown(Submit{Client: "alice", Key: "key"}) },
		},
		"a repeat was answered with the first task": {
			blur: func(l *Log) { task := l.final["task-00"]; l.Submitted(Submit{Client: "alice", Key: "key"}, task) },
		},
		"a submit was refused": {blur: func(l *Log) { l.Refused(Submit{Client: "alice"}, lastcall.CodeDraining) }},
		"a connection whose start is not known shows the end of a mailbox": {
			blur: func(l *Log) { l.conns["alice-2"].from = nil },
		},
		"a task is left unfinished where the test stops early": {
			bend:   func(h *history) { h.start(h.submit("alice", "")) },
			expect: Expect{Unfinished: true},
		},
		"events expired and the gap says so": {
			blur: func(l *Log) {
				for _, name := range []string{"alice-1", "alice-end", "alice-2"} {
					l.conns[name].frames = slices.DeleteFunc(l.conns[name].frames, func(f frame) bool { return f.cursor.Seq < 3 })
				}
				for _, name := range []string{"alice-1", "alice-end"} {
					gap := frame{
						cursor: lastcall.Cursor{Epoch: epoch, Seq: 2},
						gap:    &lastcall.Gap{Why: lastcall.GapExpired, From: 1, To: 2, Cursor: lastcall.Cursor{Epoch: epoch, Seq: 2}},
					}
					l.conns[name].frames = slices.Insert(l.conns[name].frames, 0, gap)
				}
			},
			expect: Expect{Gaps: true},
		},
		"a worker outside died, and one hung up": {
			bend: func(h *history) {
				t := h.submit("alice", "")
				h.start(t)
				h.tell(t, t.LeaseEnded(false, 3, 0, h.tick()))
				h.start(t)
				h.tell(t, t.Reclaim(lastcall.ReleaseLease, h.tick()))
				h.start(t)
				h.settle(t, lastcall.Succeed)
			},
		},
		"a run was cut off before its handler could say that it began": {
			blur: func(l *Log) { l.runs = slices.DeleteFunc(l.runs, func(r ran) bool { return r.run == 2 }) },
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
			if found := l.Verify(c.expect); len(found) != 0 {
				t.Errorf("found:\n%s", Report(found))
			}
		})
	}
}

func TestTheRecordTakesWordsFromManyAtOnce(t *testing.T) {
	h := eventful()
	whole := h.log()
	var l Log
	var wg sync.WaitGroup
	for _, s := range h.submits {
		wg.Go(func() { l.Submitted(s.Submit, *s.task) })
	}
	for name, c := range whole.conns {
		wg.Go(func() {
			l.Connected(c.client, name, *c.from)
			for _, f := range c.frames {
				l.EventSeen(c.client, name, f.cursor, *f.event)
			}
		})
	}
	for _, task := range h.seen {
		wg.Go(func() { l.TaskSeen(task.ID+"-"+task.CreatedAt.String()+string(task.Status)+"-"+show(task), task) })
	}
	for _, r := range h.runs {
		wg.Go(func() { l.Effect(r.task, r.run, r.by, r.output) })
	}
	wg.Wait()
	var final []lastcall.Task
	for _, task := range h.tasks {
		final = append(final, *task)
	}
	l.Final(final)
	if found := l.Verify(Expect{}); len(found) != 0 {
		t.Errorf("found:\n%s", Report(found))
	}
	if got, want := l.Summary(), whole.Summary(); got != want {
		t.Errorf("the summary is\n%s\nwant\n%s", got.String(), want.String())
	}
}

func TestAReportNamesAFewOfEachKindAndCountsTheRest(t *testing.T) {
	var all []Violation
	for range 9 {
		all = append(all, Violation{"G1", "an acknowledged task is lost", "task", "gone"})
	}
	got := Report(append(all, Violation{"G5", "events were skipped", "bob", "3"}))
	if strings.Count(got, "\n") != 7 || !strings.Contains(got, "4 more of: an acknowledged task is lost") {
		t.Errorf("the report is\n%s", got)
	}
	if Report(nil) != "" {
		t.Errorf("the report of nothing is %q", Report(nil))
	}
}
