package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/lastcall-dev/lastcall"
)

// full is a submission with every field set.
func full() lastcall.Submission {
	return lastcall.Submission{
		Type: "render", Queue: "slow", Client: "alice", Input: json.RawMessage(`{"pages":[1,2]}`), Priority: -7,
		MaxAttempts: 2, Timeout: 90 * time.Second, ExpiresIn: time.Hour,
		Labels:  map[string]string{"env": "test", "who": "alice"},
		RetryOf: "01900000-0000-7000-8000-000000000000",
	}
}

func submitAnswersInOrder(f *fixture) {
	types := []string{"d", "a", "c", "b"}
	var all []lastcall.Submission
	for _, t := range types {
		all = append(all, lastcall.Submission{Type: t})
	}
	for i, task := range f.submit(all...) {
		if task.Type != types[i] {
			f.Fatalf("answer %d is of the type %q, want %q", i, task.Type, types[i])
		}
		f.wantTask(f.task(task.ID), task)
	}
	if answer, err := f.store.Submit(f.ctx, nil); err != nil || len(answer) != 0 {
		f.Fatalf("an empty submit was answered with %v, %v", answer, err)
	}
}

func submitSurvives(f *fixture) {
	writer := f.handle()
	answer, err := writer.Submit(f.ctx, []lastcall.Submission{full()})
	f.must(err)
	task := answer[0].Task
	f.wantTask(f.task(task.ID), task) // at once, through another handle
	f.must(writer.Close())
	reopened, err := f.handle().Task(f.ctx, task.ID)
	f.must(err)
	f.wantTask(reopened, task)
}

// A thousand tasks, the last of which cannot be written: not one of them may be there.
func submitIsAllOrNothing(f *fixture) {
	key := &lastcall.IdempotencyKey{Scope: "alice", Key: "k", Digest: "one"}
	first := f.submitOne(lastcall.Submission{Type: "a", Idempotency: key})
	all := make([]lastcall.Submission, 1000)
	for i := range all {
		all[i] = lastcall.Submission{Type: "a", Idempotency: &lastcall.IdempotencyKey{Scope: "bob", Key: strconv.Itoa(i), Digest: "d"}}
	}
	last := &all[len(all)-1]
	good := last.Idempotency
	last.Idempotency = &lastcall.IdempotencyKey{Scope: "alice", Key: "k", Digest: "two"}
	_, err := f.store.Submit(f.ctx, all)
	f.wantCode(err, lastcall.CodeIdempotencyMismatch)
	f.wantIDs(f.list(lastcall.Filter{}), first)
	last.Idempotency = good // and none of the keys was used up
	f.submit(all...)
}

func submitDefaults(f *fixture) {
	t := f.submitOne(lastcall.Submission{Type: "a"})
	want := lastcall.Task{
		ID: t.ID, Type: "a", Queue: lastcall.DefaultQueue, Client: lastcall.DefaultClient, Status: lastcall.Queued,
		Input: json.RawMessage("null"), MaxAttempts: lastcall.DefaultMaxAttempts, CreatedAt: t.CreatedAt, RunAt: t.CreatedAt,
	}
	f.wantTask(t, want)
	f.wantTask(f.task(t.ID), want)
}

func submitKeepsEveryField(f *fixture) {
	s := full()
	t := f.submitOne(s)
	want := s.NewTask(t.ID, t.CreatedAt)
	f.wantTask(t, want)
	f.wantTask(f.task(t.ID), want)
	want = f.node().start("render")
	want.Status, want.Run, want.Attempt, want.StartedAt, want.Owner, want.Node = t.Status, 0, 0, nil, "", ""
	f.wantTask(want, t) // a claim gives them as well
}

func submitIDsSort(f *fixture) {
	var last string
	for range 20 {
		for _, t := range f.submitMany(5, lastcall.Submission{Type: "a"}) {
			id, err := uuid.Parse(t.ID)
			if err != nil || id.Version() != 7 || id.String() != t.ID {
				f.Fatalf("the id %q is no UUIDv7 in its usual form: %v", t.ID, err)
			}
			if t.ID <= last {
				f.Fatalf("the id %s came after %s", t.ID, last)
			}
			last = t.ID
		}
	}
}

func submitTimes(f *fixture) {
	before := f.submitOne(lastcall.Submission{Type: "a"})
	t := f.submitOne(lastcall.Submission{
		Type: "a", ExpiresIn: time.Hour + 1234*time.Nanosecond, Delay: time.Minute + 1234*time.Nanosecond,
	})
	for _, at := range []time.Time{t.CreatedAt, t.RunAt, *t.ExpiresAt} {
		if at.Location() != time.UTC || !at.Equal(at.Truncate(time.Microsecond)) || at.IsZero() {
			f.Fatalf("%v is not in UTC and microseconds", at)
		}
	}
	if t.CreatedAt.Before(before.CreatedAt) {
		f.Fatalf("%v was created after %v", t.CreatedAt, before.CreatedAt)
	}
	f.wantTask(f.task(t.ID), t)
}

func submitForLater(f *fixture) {
	now := f.submitOne(lastcall.Submission{Type: "a"}).CreatedAt
	for _, at := range []time.Time{now.Add(-time.Hour), time.Unix(0, 0), time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)} {
		past := f.submitOne(lastcall.Submission{Type: "a", RunAt: at})
		if past.Status != lastcall.Queued || !past.RunAt.Equal(past.CreatedAt) {
			f.Fatalf("a task for %v is %s at %v, want queued at %v", at, past.Status, past.RunAt, past.CreatedAt)
		}
	}
	at := now.Add(time.Hour).In(time.FixedZone("east", 3600))
	if later := f.submitOne(lastcall.Submission{Type: "a", RunAt: at}); later.Status != lastcall.Scheduled || !later.RunAt.Equal(at) {
		f.Fatalf("a task for %v is %s at %v", at, later.Status, later.RunAt)
	}
	if delayed := f.submitOne(lastcall.Submission{Type: "a", Delay: time.Hour}); delayed.Status != lastcall.Scheduled ||
		delayed.RunAt.Sub(delayed.CreatedAt) != time.Hour {
		f.Fatalf("a task delayed by an hour is %s at %v", delayed.Status, delayed.RunAt)
	}
}

// big is JSON of exactly 1 MiB, the most that an input, an output or a checkpoint may have.
func big() []byte {
	return slices.Concat([]byte(`"`), bytes.Repeat([]byte("x"), 1<<20-2), []byte(`"`))
}

// oddJSON is JSON that a store may be tempted to tidy: order, spaces, repeated keys, and numbers past a float64.
const oddJSON = "{ \"b\":1.0,\n\"a\":12345678901234567890.10, \"a\":\"\\u0000 \\ud83d\\ude00 \u2028 </script>\" }"

func submitInputsVerbatim(f *fixture) {
	n := f.node()
	for _, input := range [][]byte{big(), []byte(oddJSON), []byte(`"日本語 🏁"`), []byte("0"), []byte("null")} {
		t := n.run(lastcall.Submission{Type: "a", Input: input})
		if !bytes.Equal(t.Input, input) {
			f.Fatalf("the input %.80q came back as %.80q", input, t.Input)
		}
	}
}

func submitNamesVerbatim(f *fixture) {
	for _, name := range []string{"日本語", "a b", "it's", `q"u\o;te`, "%_*?", "🏁 é e\u0301", strings.Repeat("ü", 64), "NULL", "-- x", "A", "a"} {
		t := f.submitOne(lastcall.Submission{Type: name, Queue: name, Client: name, Labels: map[string]string{name: name}})
		got := f.list(lastcall.Filter{Type: name, Queue: name, Client: name, Labels: map[string]string{name: name}})
		f.wantIDs(got, t)
		f.wantTask(got[0], t)
	}
	most := map[string]string{}
	for i := range 16 {
		most[fmt.Sprintf("%0128d", i)] = strings.Repeat("v", 128)
	}
	t := f.submitOne(lastcall.Submission{Type: "most", Labels: most})
	f.wantIDs(f.list(lastcall.Filter{Labels: most}), t)
}

// Buffers are used again by whoever filled them; so are the ones that a store has handed out.
func submitKeepsNothingOfTheCaller(f *fixture) {
	s := full()
	s.Input = bytes.Clone(s.Input)
	want := f.submitOne(s)
	want.Input, want.Labels = bytes.Clone(want.Input), maps.Clone(want.Labels)
	s.Input[2], s.Labels["env"] = 'X', "changed"
	f.wantTask(f.task(want.ID), want)
	own := f.task(want.ID)
	own.Input[2], own.Labels["env"] = 'X', "changed"
	f.wantTask(f.task(want.ID), want)

	n := f.node()
	t := n.start("render")
	checkpoint := []byte("half")
	f.must(n.store.Save(f.ctx, lastcall.Note{Task: t.ID, Run: t.Run, Checkpoint: checkpoint}))
	checkpoint[0] = 'X'
	if got := f.task(t.ID).Checkpoint; string(got) != "half" {
		f.Fatalf("the checkpoint became %q when its buffer was used again", got)
	}
	o := succeed(t, `"done"`)
	n.settle(o)
	o.Output[1] = 'X'
	if got := f.task(t.ID).Output; string(got) != `"done"` {
		f.Fatalf("the output became %q when its buffer was used again", got)
	}
	f.wantLast(t, `{"output":"done"}`, lastcall.TaskSucceeded)
}
