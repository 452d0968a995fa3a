package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// settled settles a run of t and checks the answer, what is stored and the one event against the rules of package
// lastcall, applied to the same task.
func (n *node) settled(t lastcall.Task, o lastcall.Outcome, past ...lastcall.EventType) lastcall.Task {
	f := n.f
	f.Helper()
	got := n.settle(o)
	f.wantTask(f.task(t.ID), got)
	said := f.wantEvents(t, slices.Concat(past, []lastcall.EventType{f.eventOf(t, o)})...)
	last := said[len(said)-1]
	want := t
	ev, _, err := want.Settle(&o, last.At)
	f.must(err)
	f.wantTask(got, want)
	f.wantEvent(last, *ev)
	return got
}

// eventOf is the type of the event that an outcome of t must lead to.
func (f *fixture) eventOf(t lastcall.Task, o lastcall.Outcome) lastcall.EventType {
	ev, _, err := t.Settle(&o, t.CreatedAt)
	f.must(err)
	return ev.Type
}

// wantEvent compares all that an event says but its place.
func (f *fixture) wantEvent(got, want lastcall.Event) {
	f.Helper()
	if got.Type != want.Type || got.Task != want.Task || got.Run != want.Run || got.Attempt != want.Attempt || !got.At.Equal(want.At) {
		f.Fatalf("the event is %+v, want %+v", got, want)
	}
	f.wantJSON(got.Data, string(want.Data))
}

func settleSuccess(f *fixture) {
	n := f.node()
	t := n.run(full())
	o := succeed(t, `{"url":"x"}`)
	o.Progress = &lastcall.Progress{Percent: 99, Message: "the last word", At: *t.StartedAt}
	got := n.settled(t, o)
	if got.Status != lastcall.Succeeded || string(got.Output) != `{"url":"x"}` || got.FinishedAt == nil || got.Owner != "" {
		f.Fatalf("a success is stored as %+v", got)
	}
	f.wantLast(t, `{"output":{"url":"x"}}`, lastcall.TaskSucceeded)
	t = n.run(lastcall.Submission{Type: "a"})
	if got := n.settled(t, succeed(t, "")); string(got.Output) != "null" {
		f.Fatalf("the output of a success without one is %q, want null", got.Output)
	}
}

func settleOutputsVerbatim(f *fixture) {
	n := f.node()
	for i, output := range [][]byte{big(), []byte(oddJSON), []byte(`"日本語 🏁"`)} {
		t := n.run(lastcall.Submission{Type: "a", Client: fmt.Sprint("client ", i)})
		n.settle(succeed(t, string(output)))
		if got := f.task(t.ID); !bytes.Equal(got.Output, output) {
			f.Fatalf("the output %.80q came back as %.80q", output, got.Output)
		}
		want := slices.Concat([]byte(`{"output":`), output, []byte(`}`))
		if ev := f.wantEvents(t, lastcall.TaskSucceeded)[0]; !bytes.Equal(ev.Data, want) {
			f.Fatalf("the event says %.80q of the output %.80q", ev.Data, output)
		}
	}
}

func settleFailure(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a", MaxAttempts: 3})
	o := fail(t, "flaky")
	o.Wait, o.Error.Detail = time.Hour, json.RawMessage(`{"why":["x"]}`)
	got := n.settled(t, o)
	if got.Status != lastcall.Scheduled || got.Attempt != 1 || got.Error == nil || got.Error.Attempt != 1 || got.Owner != "" {
		f.Fatalf("a failed attempt is stored as %+v", got)
	}
	f.sweep()
	if claimed := n.claim(1, "a"); len(claimed) != 0 {
		f.Fatal("claimed before its backoff was over")
	}
}

func settleLastFailure(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a", MaxAttempts: 2})
	n.settled(t, fail(t, "first"))
	f.sweep()
	t = n.start("a")
	if t.Run != 2 || t.Attempt != 2 || t.Error == nil || t.Error.Code != "first" {
		f.Fatalf("the second attempt begins as %+v", t)
	}
	got := n.settled(t, fail(t, "second"), lastcall.TaskRetrying)
	if got.Status != lastcall.Failed || got.Error.Code != "second" || got.Error.Attempt != 2 || got.FinishedAt == nil {
		f.Fatalf("the last failed attempt is stored as %+v", got)
	}
}

func settlePermanentFailure(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a", MaxAttempts: 5})
	if got := n.settled(t, failForGood(t, "no")); got.Status != lastcall.Failed || got.Attempt != 1 {
		f.Fatalf("a failure for good is stored as %+v", got)
	}
	t = n.run(lastcall.Submission{Type: "a"})
	o := lastcall.Outcome{Task: t.ID, Run: t.Run, Verdict: lastcall.Fail, Permanent: true}
	if got := n.settled(t, o); got.Error == nil || got.Error.Code != lastcall.FailureError {
		f.Fatalf("a failure without an error is stored as %+v", got)
	}
}

// G4: any number of hand-backs uses up no attempt, while each start is a new run.
func settleRelease(f *fixture) {
	n := f.node()
	t := f.submitOne(lastcall.Submission{Type: "a", MaxAttempts: 1})
	const times = 5
	var past []lastcall.EventType
	for i := range times {
		t = n.start("a")
		if t.Attempt != 1 || t.Run != int64(i+1) || t.Interruptions != i {
			f.Fatalf("run %d begins as %+v", i+1, t)
		}
		n.settled(t, release(t), past...)
		past = append(past, lastcall.TaskInterrupted)
	}
	f.wantLast(t, `{"reason":"drain"}`, past...)
	t = n.start("a")
	got := n.settled(t, succeed(t, "1"), past...)
	if got.Run != times+1 || got.Attempt != 1 || got.Interruptions != times || got.Crashes != 0 {
		f.Fatalf("after %d hand-backs a success is stored as %+v", times, got)
	}
}

func settleReleaseWithWait(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a"})
	o := release(t)
	o.Reason, o.Wait = lastcall.ReleaseHandler, time.Hour
	if got := n.settled(t, o); got.Status != lastcall.Scheduled || got.Attempt != 0 || got.Interruptions != 1 {
		f.Fatalf("a hand-back that waits is stored as %+v", got)
	}
	f.wantLast(t, `{"reason":"handler"}`, lastcall.TaskInterrupted)
}

func settleCheckpoint(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a"})
	binary := []byte{0, 1, 255, 0}
	o := release(t)
	o.Checkpoint = binary
	n.settled(t, o)
	t = n.start("a")
	if !bytes.Equal(t.Checkpoint, binary) {
		f.Fatalf("the checkpoint %v came back as %v", binary, t.Checkpoint)
	}
	n.settled(t, fail(t, "x"), lastcall.TaskInterrupted) // one that brings none leaves the one before
	f.sweep()
	if t = n.start("a"); !bytes.Equal(t.Checkpoint, binary) {
		f.Fatalf("after a failed attempt the checkpoint is %v", t.Checkpoint)
	}
	if got := n.settle(succeed(t, "1")); got.Checkpoint != nil {
		f.Fatalf("a finished task still has the checkpoint %v", got.Checkpoint)
	}
}

func saveProgress(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a"})
	at := t.StartedAt.UTC()
	f.must(n.store.Save(f.ctx, lastcall.Note{
		Task: t.ID, Run: t.Run, Progress: &lastcall.Progress{Percent: 12.5, Message: "página 1 🏁", At: at},
	}))
	f.must(n.store.Save(f.ctx, lastcall.Note{Task: t.ID, Run: t.Run, Checkpoint: big()}))
	got := f.task(t.ID)
	if got.Progress == nil || got.Progress.Percent != 12.5 || got.Progress.Message != "página 1 🏁" || got.Progress.At.IsZero() {
		f.Fatalf("the progress is %+v", got.Progress)
	}
	if !bytes.Equal(got.Checkpoint, big()) {
		f.Fatalf("a checkpoint of 1 MiB came back as %d bytes", len(got.Checkpoint))
	}
	f.must(n.store.Save(f.ctx, lastcall.Note{Task: t.ID, Run: t.Run, Progress: &lastcall.Progress{Percent: 50, At: at}}))
	if got = f.task(t.ID); got.Progress.Percent != 50 || got.Checkpoint == nil || got.Status != lastcall.Running {
		f.Fatalf("after more progress the task is %+v", got)
	}
	f.wantEvents(t)
	n.settle(release(t))
	if again := n.start("a"); again.Progress != nil || !bytes.Equal(again.Checkpoint, big()) {
		f.Fatalf("the next run begins at %+v with a checkpoint of %d bytes", again.Progress, len(again.Checkpoint))
	}
}

func saveByAnOldRun(f *fixture) {
	n := f.node()
	old := n.run(lastcall.Submission{Type: "a"})
	n.settle(release(old))
	save := func(t lastcall.Task) error {
		return n.store.Save(f.ctx, lastcall.Note{
			Task: t.ID, Run: t.Run, Checkpoint: []byte("old"), Progress: &lastcall.Progress{Percent: 1, At: *old.StartedAt},
		})
	}
	f.wantCode(save(old), lastcall.CodeLeaseLost)
	t := n.start("a")
	f.wantCode(save(old), lastcall.CodeLeaseLost)
	f.wantTask(f.task(t.ID), t)
	n.settle(succeed(t, "1"))
	done := f.task(t.ID)
	f.wantCode(save(t), lastcall.CodeLeaseLost)
	f.wantTask(f.task(t.ID), done)
}

// Whatever has taken the run away, what it says afterwards is not written (G3).
func settleByAnOldRun(f *fixture) {
	n := f.node()
	takeAway := map[string]func(t lastcall.Task){
		"a release":        func(t lastcall.Task) { n.settle(release(t)) },
		"a failed attempt": func(t lastcall.Task) { n.settle(fail(t, "x")) },
		"a success":        func(t lastcall.Task) { n.settle(succeed(t, `"first"`)) },
		"a failure":        func(t lastcall.Task) { n.settle(failForGood(t, "x")) },
		"a new run": func(t lastcall.Task) {
			n.settle(release(t))
			n.start(t.Type)
		},
	}
	for what, take := range takeAway {
		t := n.run(lastcall.Submission{Type: what})
		take(t)
		events := len(f.events(t.Client))
		o := succeed(t, `"late"`)
		o.Checkpoint = []byte("late")
		n.settleLost(o)
		n.settleLost(failForGood(t, "late"))
		if now := len(f.events(t.Client)); now != events {
			f.Fatalf("after %s an old run wrote %d events", what, now-events)
		}
	}
	t := f.submitOne(lastcall.Submission{Type: "never started"})
	n.settleLost(succeed(t, "1"))
	t.Run = 1
	n.settleLost(succeed(t, "1"))
}

// The node's lease is over, but nobody has taken the run: the token decides, not the clock.
func settleLateButCurrent(f *fixture) {
	n := f.join(f.store, "slow", 10*time.Millisecond)
	t := n.run(lastcall.Submission{Type: "a"})
	f.clockPasses(50 * time.Millisecond)
	if got := n.settle(succeed(t, "1")); got.Status != lastcall.Succeeded {
		f.Fatalf("a late success is stored as %+v", got)
	}
}

// clockPasses waits until the store's own clock, which new tasks tell, has gone on by d.
func (f *fixture) clockPasses(d time.Duration) {
	f.Helper()
	start := f.submitOne(lastcall.Submission{Type: "clock"}).CreatedAt
	f.eventually("the store's clock went on", func() bool {
		return f.submitOne(lastcall.Submission{Type: "clock"}).CreatedAt.Sub(start) >= d
	})
}

// An answer may be lost on its way: who settles again with the same outcome is answered as the first time.
func settleAgain(f *fixture) {
	n := f.node()
	for _, o := range []func(lastcall.Task) lastcall.Outcome{
		func(t lastcall.Task) lastcall.Outcome { return succeed(t, `{"a":1}`) },
		func(t lastcall.Task) lastcall.Outcome { return fail(t, "x") },
		func(t lastcall.Task) lastcall.Outcome { return failForGood(t, "x") },
		release,
	} {
		t := n.run(lastcall.Submission{Type: "a", MaxAttempts: 2})
		first := n.settle(o(t))
		said := len(f.events(t.Client))
		f.wantTask(n.settle(o(t)), first)
		f.wantTask(f.task(t.ID), first)
		other := succeed(t, `{"a":2}`)
		n.settleLost(other)
		if now := len(f.events(t.Client)); now != said {
			f.Fatalf("an outcome told again wrote %d events", now-said)
		}
		f.cancel(t.ID)
	}
}

func settleUnknown(f *fixture) {
	n := f.node()
	for _, id := range unknownIDs {
		_, err := n.store.Settle(f.ctx, lastcall.Outcome{Task: id, Run: 1, Verdict: lastcall.Succeed})
		f.wantCode(err, lastcall.CodeNotFound)
		if err := n.store.Save(f.ctx, lastcall.Note{Task: id, Run: 1, Checkpoint: []byte("x")}); err == nil {
			f.Fatalf("kept a checkpoint of %q", id)
		}
	}
}

// unknownIDs are ids of no task. They may come from outside as they are: a store must not choke on any.
var unknownIDs = []string{
	"01900000-0000-7000-8000-000000000000", "", "x", "'", "%", "日本語", "\x00", "\xff", "01900000-0000-7000-8000-00000000000",
	string(bytes.Repeat([]byte("a"), 10_000)),
}

// Twenty callers settle one run in twenty ways at once: one of them is believed, the others are told so (G2, G3).
func settleOnce(f *fixture) {
	n := f.node()
	stores := []lastcall.Store{f.store, f.handle()}
	for range 5 {
		t := n.run(lastcall.Submission{Type: "a"})
		var won atomic.Int64
		f.together(20, func(i int) error {
			_, err := stores[i%2].Settle(f.ctx, succeed(t, strconv.Itoa(i)))
			switch lastcall.CodeOf(err) {
			case "":
				won.Add(1)
			case lastcall.CodeLeaseLost:
			default:
				return err
			}
			return nil
		})
		if won.Load() != 1 {
			f.Fatalf("%d outcomes of one run were accepted", won.Load())
		}
		f.wantLast(t, fmt.Sprintf(`{"output":%s}`, f.task(t.ID).Output), lastcall.TaskSucceeded)
	}
}
