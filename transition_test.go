package lastcall_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// taskIn is a task in a status, as a life of it would have left it there.
func taskIn(s lastcall.Status) lastcall.Task {
	expires := noon.Add(time.Hour)
	t := lastcall.Task{
		ID: "ID", Type: "a", Client: "alice", Status: s, MaxAttempts: 3, Run: 4, Attempt: 2, Interruptions: 1, Crashes: 1,
		CreatedAt: noon, RunAt: noon, ExpiresAt: &expires, Checkpoint: []byte("half"),
	}
	switch {
	case s == lastcall.Running:
		t.Owner, t.Node, t.StartedAt = "incarnation", "node", &noon
	case s.Done():
		t.FinishedAt, t.Checkpoint = &noon, nil
	}
	return t
}

// acts are all that can happen to a task, other than a start, which stores do to queued ones only.
func acts() map[string]func(*lastcall.Task) *lastcall.Event {
	now := noon.Add(2 * time.Hour)
	settle := func(o lastcall.Outcome) func(*lastcall.Task) *lastcall.Event {
		return func(t *lastcall.Task) *lastcall.Event {
			o.Task, o.Run = t.ID, t.Run
			ev, _, _ := t.Settle(&o, now)
			return ev
		}
	}
	return map[string]func(*lastcall.Task) *lastcall.Event{
		"cancel": func(t *lastcall.Task) *lastcall.Event {
			ev, _ := t.Cancel(now)
			return ev
		},
		"expire":             func(t *lastcall.Task) *lastcall.Event { return t.Expire(now) },
		"succeed":            settle(lastcall.Outcome{Verdict: lastcall.Succeed}),
		"fail":               settle(lastcall.Outcome{Verdict: lastcall.Fail}),
		"fail for good":      settle(lastcall.Outcome{Verdict: lastcall.Fail, Permanent: true}),
		"release":            settle(lastcall.Outcome{Verdict: lastcall.Release}),
		"release and wait":   settle(lastcall.Outcome{Verdict: lastcall.Release, Wait: time.Minute}),
		"an unknown verdict": settle(lastcall.Outcome{Verdict: "dance"}),
	}
}

// No act takes a task anywhere but where the table says, and nothing moves one that has ended (G2). There is an event if
// and only if the task has moved to where a client is told of (G5).
func TestNoActLeavesTheTable(t *testing.T) {
	for _, from := range lastcall.Statuses() {
		for name, act := range acts() {
			for _, asked := range []*time.Time{nil, &noon} {
				task := taskIn(from)
				task.CancelRequestedAt = asked
				before := task
				ev := act(&task)
				moved := task.Status != from
				if moved && !from.CanBecome(task.Status) {
					t.Errorf("%s took a task from %s to %s", name, from, task.Status)
				}
				if from.Done() && !reflect.DeepEqual(task, before) {
					t.Errorf("%s changed a task that had %s", name, from)
				}
				if moved != (ev != nil) {
					t.Errorf("%s took a task from %s to %s with the event %v", name, from, task.Status, ev)
				}
				if ev != nil && ev.Type.Terminal() != task.Status.Done() {
					t.Errorf("%s made a task %s and told of %s", name, task.Status, ev.Type)
				}
			}
		}
	}
}

func TestACancelEndsWhatWaitsAndAsksWhatRuns(t *testing.T) {
	for from, want := range map[lastcall.Status]lastcall.Status{
		lastcall.Scheduled: lastcall.Canceled, lastcall.Queued: lastcall.Canceled, lastcall.Running: lastcall.Running,
		lastcall.Succeeded: lastcall.Succeeded, lastcall.Failed: lastcall.Failed, lastcall.Canceled: lastcall.Canceled,
		lastcall.Expired: lastcall.Expired,
	} {
		task := taskIn(from)
		_, changed := task.Cancel(noon)
		if task.Status != want || changed == from.Done() || (task.CancelRequestedAt != nil) == from.Done() {
			t.Errorf("a cancel of what is %s: %s, changed %v, asked at %v", from, task.Status, changed, task.CancelRequestedAt)
		}
		if _, changed := task.Cancel(noon.Add(time.Minute)); changed {
			t.Errorf("a second cancel changed what was %s", from)
		}
	}
}

func TestOnlyWhatWaitsExpiresAndNotBeforeItsTime(t *testing.T) {
	for _, from := range lastcall.Statuses() {
		early, late, never := taskIn(from), taskIn(from), taskIn(from)
		never.ExpiresAt = nil
		waits := from == lastcall.Scheduled || from == lastcall.Queued
		if ev := early.Expire(early.ExpiresAt.Add(-1)); ev != nil || early.Status != from {
			t.Errorf("what is %s expired before its time", from)
		}
		if ev := late.Expire(*late.ExpiresAt); (ev != nil) != waits || (late.Status == lastcall.Expired) != (waits || from == lastcall.Expired) {
			t.Errorf("what was %s is %s after its time, with the event %v", from, late.Status, ev)
		}
		if ev := never.Expire(noon.AddDate(100, 0, 0)); ev != nil || never.Status != from {
			t.Errorf("what is %s and may wait for ever expired", from)
		}
	}
}

// What follows a cancel of a running task, row by row.
func TestAfterACancelOnlyASuccessIsNotCanceled(t *testing.T) {
	for verdict, want := range map[lastcall.Verdict]lastcall.Status{
		lastcall.Succeed: lastcall.Succeeded, lastcall.Fail: lastcall.Canceled, lastcall.Release: lastcall.Canceled,
	} {
		task := taskIn(lastcall.Running)
		task.Cancel(noon)
		if _, _, err := task.Settle(&lastcall.Outcome{Run: task.Run, Verdict: verdict}, noon); err != nil || task.Status != want {
			t.Errorf("%s after a cancel: %s, %v, want %s", verdict, task.Status, err, want)
		}
	}
	crashed, left := taskIn(lastcall.Running), taskIn(lastcall.Running)
	crashed.Cancel(noon)
	left.Cancel(noon)
	lastcall.Crashed([]*lastcall.Task{&crashed}, 3, noon)
	left.Reclaim(lastcall.ReleaseDrain, noon)
	if crashed.Status != lastcall.Canceled || left.Status != lastcall.Canceled {
		t.Errorf("after a cancel a crash makes it %s, a leave %s", crashed.Status, left.Status)
	}
}

// G4: a life of hand-backs and crashes costs no attempt, and every start has a number of its own (G3).
func TestCountsAreKeptApart(t *testing.T) {
	task := (&lastcall.Submission{Type: "a", MaxAttempts: 2}).NewTask("ID", noon)
	start := func() {
		task.ToQueue()
		task.Start("incarnation", "node", noon)
	}
	wantCounts := func(run int64, attempt, interruptions, crashes int) {
		t.Helper()
		if task.Run != run || task.Attempt != attempt || task.Interruptions != interruptions || task.Crashes != crashes {
			t.Fatalf("the counts are %d %d %d %d, want %d %d %d %d", task.Run, task.Attempt, task.Interruptions, task.Crashes,
				run, attempt, interruptions, crashes)
		}
	}
	start()
	wantCounts(1, 1, 0, 0)
	mustSettle(t, &task, lastcall.Outcome{Verdict: lastcall.Release})
	wantCounts(1, 0, 1, 0)
	start()
	lastcall.Crashed([]*lastcall.Task{&task}, 9, noon)
	wantCounts(2, 0, 1, 1)
	start()
	task.Reclaim(lastcall.ReleaseDrain, noon)
	wantCounts(3, 0, 2, 1)
	start()
	mustSettle(t, &task, lastcall.Outcome{Verdict: lastcall.Fail})
	wantCounts(4, 1, 2, 1)
	start()
	mustSettle(t, &task, lastcall.Outcome{Verdict: lastcall.Fail})
	wantCounts(5, 2, 2, 1)
	if task.Status != lastcall.Failed {
		t.Errorf("after its second failed attempt of two it is %s", task.Status)
	}
}

func mustSettle(t *testing.T, task *lastcall.Task, o lastcall.Outcome) *lastcall.Event {
	t.Helper()
	o.Run = task.Run
	ev, repeated, err := task.Settle(&o, noon)
	if err != nil || repeated {
		t.Fatalf("settle: repeated %v, %v", repeated, err)
	}
	return ev
}

// G3: whatever ended a run, the same word again is known again, any other is refused, and neither changes a thing.
func TestOnlyTheCurrentRunIsBelievedAndItsLastWordIsKnownAgain(t *testing.T) {
	outcomes := map[string]lastcall.Outcome{
		"success":     {Verdict: lastcall.Succeed, Output: json.RawMessage(`1`)},
		"other":       {Verdict: lastcall.Succeed, Output: json.RawMessage(`2`)},
		"failure":     {Verdict: lastcall.Fail, Error: &lastcall.TaskError{Code: "x"}},
		"other error": {Verdict: lastcall.Fail, Error: &lastcall.TaskError{Code: "x", Message: "y"}},
		"hand-back":   {Verdict: lastcall.Release},
	}
	for first, o := range outcomes {
		task := taskIn(lastcall.Running)
		mustSettle(t, &task, o)
		settled := task
		for second, again := range outcomes {
			for _, run := range []int64{settled.Run, settled.Run - 1, settled.Run + 1} {
				again.Run = run
				ev, repeated, err := task.Settle(&again, noon.Add(time.Hour))
				known := first == second && run == settled.Run
				if repeated != known || (err == nil) != known || ev != nil || (!known && lastcall.CodeOf(err) != lastcall.CodeLeaseLost) {
					t.Errorf("%s, then %s of run %d: repeated %v, %v, %v", first, second, run-settled.Run, repeated, ev, err)
				}
				if !reflect.DeepEqual(task, settled) {
					t.Fatalf("%s, then %s: the task changed", first, second)
				}
			}
		}
	}
}

// However fast a run was, and however it ended, its last word is kept.
func TestTheLastWordOfARunStandsInItsTask(t *testing.T) {
	word := &lastcall.Progress{Percent: 99, Message: "almost", At: noon}
	for _, v := range []lastcall.Verdict{lastcall.Succeed, lastcall.Fail, lastcall.Release} {
		task := taskIn(lastcall.Running)
		task.Progress = &lastcall.Progress{Percent: 1, At: noon}
		mustSettle(t, &task, lastcall.Outcome{Verdict: v, Progress: word})
		if task.Progress == nil || *task.Progress != *word {
			t.Errorf("after a %s the progress is %+v, want %+v", v, task.Progress, word)
		}
		silent := taskIn(lastcall.Running)
		silent.Progress = word
		if mustSettle(t, &silent, lastcall.Outcome{Verdict: v}); silent.Progress != word {
			t.Errorf("a %s without a word made the progress %+v", v, silent.Progress)
		}
		if again := silent; again.Status == lastcall.Queued {
			if again.Start("incarnation", "node", noon); again.Progress != nil {
				t.Errorf("the next run begins at %+v", again.Progress)
			}
		}
	}
}

// Whoever was declared dead, or left, is not believed even if it says what took its run away.
func TestWhatACrashTookIsNotSettledByAHandBack(t *testing.T) {
	for name, take := range map[string]func(*lastcall.Task){
		"a crash":         func(t *lastcall.Task) { lastcall.Crashed([]*lastcall.Task{t}, 9, noon) },
		"the last crash":  func(t *lastcall.Task) { lastcall.Crashed([]*lastcall.Task{t}, 1, noon) },
		"a leave":         func(t *lastcall.Task) { t.Reclaim(lastcall.ReleaseDrain, noon) },
		"a cancel, crash": func(t *lastcall.Task) { t.Cancel(noon); lastcall.Crashed([]*lastcall.Task{t}, 9, noon) },
	} {
		for _, v := range []lastcall.Verdict{lastcall.Succeed, lastcall.Fail, lastcall.Release} {
			task := taskIn(lastcall.Running)
			take(&task)
			if _, _, err := task.Settle(&lastcall.Outcome{Run: task.Run, Verdict: v}, noon); lastcall.CodeOf(err) != lastcall.CodeLeaseLost {
				t.Errorf("after %s %s was answered with %v", name, v, err)
			}
		}
	}
}

func TestACrashChargesTheSuspectsOrElseAll(t *testing.T) {
	for name, c := range map[string]struct {
		crashes, want []int
		statuses      []lastcall.Status
	}{
		"nobody suspected": {[]int{0, 0, 0}, []int{1, 1, 1}, []lastcall.Status{lastcall.Queued, lastcall.Queued, lastcall.Queued}},
		"one suspect":      {[]int{0, 1, 0}, []int{0, 2, 0}, []lastcall.Status{lastcall.Queued, lastcall.Queued, lastcall.Queued}},
		"two suspects":     {[]int{2, 1, 0}, []int{3, 2, 0}, []lastcall.Status{lastcall.Failed, lastcall.Queued, lastcall.Queued}},
		"none ran":         {},
	} {
		var running []*lastcall.Task
		for _, n := range c.crashes {
			task := taskIn(lastcall.Running)
			task.Crashes = n
			running = append(running, &task)
		}
		events := lastcall.Crashed(running, 3, noon)
		if len(events) != len(running) {
			t.Fatalf("%s: %d events of %d tasks", name, len(events), len(running))
		}
		for i, task := range running {
			if task.Crashes != c.want[i] || task.Status != c.statuses[i] || task.Interruptions != 1 || task.Owner != "" {
				t.Errorf("%s: task %d is %s with %d crashes, want %s with %d", name, i, task.Status, task.Crashes, c.statuses[i], c.want[i])
			}
			if failed := task.Status == lastcall.Failed; failed && (task.Error == nil || task.Error.Code != lastcall.FailureCrashed) {
				t.Errorf("%s: task %d failed with %v", name, i, task.Error)
			}
		}
	}
}

// What a client is told, type by type, as it stands on the wire.
func TestEventsSayWhatTheirTypePromises(t *testing.T) {
	run := func(o lastcall.Outcome) *lastcall.Event {
		task := taskIn(lastcall.Running)
		return mustSettle(t, &task, o)
	}
	odd := &lastcall.TaskError{Code: "x", Message: "m\xff", Detail: json.RawMessage(`{`)}
	bad := &lastcall.TaskError{Code: "x", Message: "m", Detail: json.RawMessage(`{"a":1}`)}
	for want, ev := range map[string]*lastcall.Event{
		`task.succeeded {"output":{"a":1}}`: run(lastcall.Outcome{Verdict: lastcall.Succeed, Output: json.RawMessage(`{"a":1}`)}),
		`task.succeeded {"output":null}`:    run(lastcall.Outcome{Verdict: lastcall.Succeed}),
		`task.failed {"error":{"code":"x","message":"m","detail":{"a":1},"attempt":2}}`: run(
			lastcall.Outcome{Verdict: lastcall.Fail, Permanent: true, Error: bad}),
		`task.failed {"error":{"code":"x","message":"m\ufffd","detail":null,"attempt":2}}`: run(
			lastcall.Outcome{Verdict: lastcall.Fail, Permanent: true, Error: odd}),
		`task.failed {"error":{"code":"failed","message":"","detail":null,"attempt":2}}`: run(
			lastcall.Outcome{Verdict: lastcall.Fail, Permanent: true}),
		`task.retrying {"error":{"code":"x","message":"m","detail":{"a":1},"attempt":2},"run_at":"2026-01-02T12:01:00Z"}`: run(
			lastcall.Outcome{Verdict: lastcall.Fail, Error: bad, Wait: time.Minute + 999}),
		`task.interrupted {"reason":"drain"}`:   run(lastcall.Outcome{Verdict: lastcall.Release, Reason: lastcall.ReleaseDrain}),
		`task.interrupted {"reason":"handler"}`: run(lastcall.Outcome{Verdict: lastcall.Release, Reason: lastcall.ReleaseHandler}),
	} {
		if got := fmt.Sprintf("%s %s", ev.Type, ev.Data); got != want {
			t.Errorf("the event is\n%s, want\n%s", got, want)
		}
		if ev.Task != "ID" || ev.Run != 4 || !ev.At.Equal(noon) {
			t.Errorf("the event is about run %d of %s at %v", ev.Run, ev.Task, ev.At)
		}
	}
}

// A thousand random lives: whatever happens to a task, in whatever order, each step is one of the table's, its fence
// never goes back, its attempts never pass its limit, and it ends at most once (G2, G3, G4).
func TestRandomLivesKeepTheInvariants(t *testing.T) {
	for seed := range uint64(1000) {
		live(t, rand.New(rand.NewPCG(seed, 1)))
	}
}

func live(t *testing.T, dice *rand.Rand) {
	t.Helper()
	task := (&lastcall.Submission{Type: "a", MaxAttempts: 1 + dice.IntN(4), ExpiresIn: time.Hour}).NewTask("ID", noon)
	ends := 0
	for range 40 {
		before := task
		ev := liveOn(&task, dice)
		if ev != nil && ev.Type.Terminal() {
			ends++
		}
		switch {
		case task.Status != before.Status && !before.Status.CanBecome(task.Status):
			t.Fatalf("from %s to %s", before.Status, task.Status)
		case task.Run < before.Run || task.Interruptions < before.Interruptions || task.Crashes < before.Crashes:
			t.Fatalf("a count went back: %+v, then %+v", before, task)
		case task.Attempt < 0 || task.Attempt > task.MaxAttempts:
			t.Fatalf("attempt %d of %d", task.Attempt, task.MaxAttempts)
		case task.Status.Done() != (task.FinishedAt != nil) || (task.Status == lastcall.Running) != (task.Owner != ""):
			t.Fatalf("%s, finished at %v, owned by %q", task.Status, task.FinishedAt, task.Owner)
		case ends > 1 || (ends == 1) != task.Status.Done():
			t.Fatalf("%d ends, and the task is %s", ends, task.Status)
		}
	}
}

// liveOn does something to the task that a store might do to it as it stands.
func liveOn(task *lastcall.Task, dice *rand.Rand) *lastcall.Event {
	switch n := dice.IntN(12); {
	case task.Status == lastcall.Queued && n < 8:
		task.Start("incarnation", "node", noon)
		return nil
	case task.Status == lastcall.Scheduled && n < 8:
		task.ToQueue()
		return nil
	case n == 8:
		ev, _ := task.Cancel(noon)
		return ev
	case n == 9:
		return task.Expire(noon.Add(time.Duration(dice.IntN(2)) * time.Hour))
	case task.Status == lastcall.Running && n == 10:
		return lastcall.Crashed([]*lastcall.Task{task}, 3, noon)[0]
	case task.Status == lastcall.Running && n == 11:
		return task.Reclaim(lastcall.ReleaseDrain, noon)
	}
	o := lastcall.Outcome{
		Run: task.Run - int64(dice.IntN(2)*dice.IntN(2)), Permanent: dice.IntN(8) == 0, Wait: time.Duration(dice.IntN(2)) * time.Minute,
		Verdict: []lastcall.Verdict{lastcall.Succeed, lastcall.Fail, lastcall.Fail, lastcall.Release, lastcall.Release}[dice.IntN(5)],
	}
	ev, _, _ := task.Settle(&o, noon)
	return ev
}
