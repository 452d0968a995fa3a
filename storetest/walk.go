package storetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// walk is a long random sequence of calls, made on the store and on the model, which must agree on everything.
type walk struct {
	*fixture
	rand  *rand.Rand
	model *model
	nodes []*node            // each on a handle of its own
	told  []lastcall.Outcome // outcomes that were settled before, to be told again
	trail []string           // what was done, for the reader of a failure
}

const (
	walkSteps = 400
	walkNodes = 3
)

// walkWith is the case: a walk by a seed.
func walkWith(seed uint64) func(*fixture) {
	return func(f *fixture) {
		w := &walk{fixture: f, rand: rand.New(rand.NewPCG(seed, 0)), model: newModel()}
		f.Cleanup(w.onFailure)
		for range walkNodes {
			w.nodes = append(w.nodes, f.mortal())
		}
		for i := range walkSteps {
			w.step()
			if i%25 == 24 {
				w.lookAtEverything()
			}
		}
		w.lookAtEverything()
		w.wantEveryMove()
	}
}

// onFailure tells how the walk came to where it failed.
func (w *walk) onFailure() {
	if w.Failed() {
		w.Logf("the last steps of the walk:")
		for _, s := range w.trail[max(0, len(w.trail)-25):] {
			w.Logf("  %s", s)
		}
	}
}

// step makes one random call.
func (w *walk) step() {
	w.model.step = w.model.step.Add(stepLength)
	steps := []struct {
		weight int
		do     func()
	}{
		{26, w.submit},
		{22, w.claim},
		{26, w.settle},
		{8, w.save},
		{7, w.cancelOne},
		{7, w.sweepUp},
		{3, w.ack},
		{2, w.crash},
		{2, w.leave},
		{3, w.forget},
		{3, w.pauseOne},
		{10, w.lease},
		{6, w.renew},
	}
	sum := 0
	for _, s := range steps {
		sum += s.weight
	}
	pick := w.rand.IntN(sum)
	for _, s := range steps {
		if pick -= s.weight; pick < 0 {
			s.do()
			break
		}
	}
	w.lookAtMailboxes()
}

func (w *walk) didf(format string, args ...any) {
	w.trail = append(w.trail, fmt.Sprintf("%d: %.1000s", len(w.trail)+1, fmt.Sprintf(format, args...)))
}

// agree fails the walk when the model does not agree.
func (w *walk) agree(err error) {
	w.Helper()
	if err != nil {
		w.Fatalf("the store and the model differ: %v", err)
	}
}

func one[T any](w *walk, of ...T) T { return of[w.rand.IntN(len(of))] }

func (w *walk) anyNode() *node { return one(w, w.nodes...) }

// text is something to write, seldom long: a store may keep what is long elsewhere, and must not lose it on the way.
func (w *walk) text() string { return strings.Repeat(one(w, "x", "日"), one(w, 1, 1, 1, 5000)) }

func (w *walk) submit() {
	all := make([]lastcall.Submission, 1+w.rand.IntN(4))
	for i := range all {
		all[i] = lastcall.Submission{
			Type: one(w, "a", "b", "c"), Queue: one(w, "", "slow", "日本"), Client: one(w, "", "alice", "bob"),
			Input: json.RawMessage(one(w, ``, `{"a":[1]}`, `"`+w.text()+`"`)), Priority: one(w, 0, 0, 0, 1, -1, 100), MaxAttempts: one(w, 0, 1, 2, 3),
			Delay: one(w, 0, 0, 0, 0, time.Hour), ExpiresIn: one(w, 0, 0, 0, 0, time.Hour, time.Microsecond),
		}
		if w.rand.IntN(2) == 0 {
			all[i].Labels = map[string]string{"k": one(w, "v", "w")}
		}
		if w.rand.IntN(4) == 0 {
			all[i].Idempotency = &lastcall.IdempotencyKey{
				Scope: one(w, "x", "y"), Key: strconv.Itoa(w.rand.IntN(20)), Digest: one(w, "d", "d", "d", "d", "e"),
			}
		}
	}
	w.didf("submit %+v", all)
	got, err := w.anyNode().store.Submit(w.ctx, all)
	if w.model.mismatch(all) {
		w.wantCode(err, lastcall.CodeIdempotencyMismatch)
		return
	}
	w.must(err)
	w.agree(w.model.submit(all, got))
}

func (w *walk) claim() {
	n := w.anyNode()
	c := lastcall.Claim{
		Incarnation: n.incarnation, Node: n.name, Max: 1 + w.rand.IntN(3), Suspects: w.rand.IntN(3),
		Want: []lastcall.Want{{Type: "a", Max: w.rand.IntN(4)}, {Type: one(w, "b", "c"), Max: w.rand.IntN(4)}},
	}
	want := w.model.claim(c)
	w.didf("claim %+v: %v", c, want)
	got, err := n.store.Claim(w.ctx, c)
	w.must(err)
	if !slices.Equal(ids(got), want) {
		w.Fatalf("claimed %v, want %v", ids(got), want)
	}
	for _, t := range got {
		w.agree(w.model.agree(t))
	}
}

// someTask picks a task, and rather one that runs.
func (w *walk) someTask() *lastcall.Task {
	all := w.model.ids()
	if len(all) == 0 {
		return nil
	}
	var running []string
	for _, id := range all {
		if w.model.tasks[id].Status == lastcall.Running {
			running = append(running, id)
		}
	}
	if len(running) > 0 && w.rand.IntN(10) > 0 {
		all = running
	}
	return w.model.tasks[one(w, all...)]
}

func (w *walk) settle() {
	t := w.someTask()
	if t == nil {
		return
	}
	o := lastcall.Outcome{
		Task: t.ID, Run: t.Run, Holder: one(w, "", "", t.Owner, t.Owner, "another"), Wait: one(w, 0, 0, time.Hour),
		Verdict: one(w, lastcall.Succeed, lastcall.Fail, lastcall.Fail, lastcall.Release),
	}
	switch o.Verdict {
	case lastcall.Succeed:
		o.Output = json.RawMessage(one(w, `{"a":1}`, `"`+w.text()+`"`, ``))
	case lastcall.Fail:
		o.Permanent = w.rand.IntN(6) == 0
		o.Error = one(w, nil, &lastcall.TaskError{Code: "x", Message: w.text()}, &lastcall.TaskError{Code: "y", Detail: json.RawMessage(`[1]`)})
	case lastcall.Release:
		o.Reason = one(w, lastcall.ReleaseDrain, lastcall.ReleaseHandler)
	}
	if w.rand.IntN(8) == 0 {
		o.Checkpoint = []byte(w.text())
	}
	if w.rand.IntN(8) == 0 {
		o.Progress = &lastcall.Progress{Percent: float64(w.rand.IntN(101)), Message: w.text(), At: w.model.clock}
	}
	if w.rand.IntN(4) == 0 {
		o.Log = []byte(w.text())
	}
	if w.rand.IntN(8) == 0 {
		o.Run--
	}
	if len(w.told) > 0 && w.rand.IntN(5) == 0 {
		o = w.told[len(w.told)-1-w.rand.IntN(min(5, len(w.told)))] // told again, soon or late
	}
	w.told = append(w.told, o)
	code := w.model.settle(o)
	w.didf("settle %+v: %q", o, code)
	got, err := w.anyNode().store.Settle(w.ctx, o)
	if code == lastcall.CodeNotFound {
		w.wantCode(err, code)
		return
	}
	if code != "" {
		w.wantCode(err, code)
		got = w.task(o.Task)
	} else {
		w.must(err)
	}
	w.agree(w.model.agree(got))
	w.agree(w.model.agree(w.task(o.Task)))
	w.wantLog(got, w.model.logs[o.Task])
}

func (w *walk) save() {
	t := w.someTask()
	if t == nil {
		return
	}
	note := lastcall.Note{Task: t.ID, Run: t.Run - int64(w.rand.IntN(2)*w.rand.IntN(2))}
	if w.rand.IntN(2) == 0 {
		note.Progress = &lastcall.Progress{Percent: float64(w.rand.IntN(101)), Message: one(w, "", "page 3"), At: w.model.clock}
	}
	if w.rand.IntN(2) == 0 {
		note.Checkpoint = []byte(w.text())
	}
	if w.rand.IntN(2) == 0 {
		note.Log = []byte(one(w, "", w.text()))
	}
	code := w.model.save(note)
	w.didf("save %+v: %q", note, code)
	if err := w.anyNode().store.Save(w.ctx, note); lastcall.CodeOf(err) != code {
		w.Fatalf("save failed with %v, want the code %q", err, code)
	}
	w.agree(w.model.agree(w.task(t.ID)))
	w.wantLog(*t, w.model.logs[t.ID])
}

func (w *walk) cancelOne() {
	all := w.model.ids()
	if len(all) == 0 {
		return
	}
	id := one(w, all...)
	w.model.cancel(id)
	w.didf("cancel %s", id)
	got, err := w.anyNode().store.Cancel(w.ctx, id)
	w.must(err)
	w.agree(w.model.agree(got))
}

func (w *walk) forget() {
	all := w.model.ids()
	if len(all) == 0 {
		return
	}
	id := one(w, all...)
	code := w.model.forget(id)
	w.didf("forget %s: %q", id, code)
	if err := w.anyNode().store.Forget(w.ctx, id); lastcall.CodeOf(err) != code {
		w.Fatalf("forget failed with %v, want the code %q", err, code)
	}
	w.lookAtTasks()
}

func (w *walk) pauseOne() {
	queue, paused := one(w, lastcall.DefaultQueue, "slow", "日本"), w.rand.IntN(4) == 0 // seldom, or nothing would move
	w.model.stops[queue] = paused
	w.didf("pause %s: %v", queue, paused)
	want := lastcall.Queue{Name: queue}
	for _, q := range w.model.queues() {
		if q.Name == queue {
			want = q
		}
	}
	w.pause(w.anyNode().store, want)
}

func (w *walk) sweepUp() {
	due, expired, both := w.model.sweep()
	did := w.sweepWith(lastcall.Sweep{Incarnation: w.anyNode().incarnation, Limit: 1 + w.rand.IntN(5)})
	w.didf("sweep %+v", did)
	// A task that is due and expired at once may be counted as both, depending on what a store does first.
	if did.Expired != expired || did.Due < due || did.Due > due+both || did.Crashed != 0 {
		w.Fatalf("swept %+v, want %d to %d due and %d expired", did, due, due+both, expired)
	}
	w.lookAtTasks()
}

func (w *walk) ack() {
	client := one(w, lastcall.DefaultClient, "alice", "bob")
	box := w.model.box(client)
	seq := w.rand.Int64N(int64(len(box.events)) + 1)
	epoch := one(w, box.epoch, box.epoch, "ANOTHER")
	w.didf("ack %s:%d by %s", epoch, seq, client)
	w.must(w.anyNode().store.Ack(w.ctx, client, lastcall.Cursor{Epoch: epoch, Seq: seq}))
	if box.epoch != "" && epoch == box.epoch {
		box.acked = max(box.acked, seq)
	}
}

// crash kills a node and starts another in its place.
func (w *walk) crash() {
	i := w.rand.IntN(len(w.nodes))
	n := w.nodes[i]
	w.didf("crash %s, which runs %d", n.incarnation, len(w.model.owned(n.incarnation)))
	w.model.crash(n.incarnation)
	n.die()
	w.nodes[i] = w.mortal()
	w.model.sweep() // the sweeps that found the dead one did the rest as well, in any order
	w.sweep()
	w.lookAtTasks()
}

// leave lets a node leave and join anew.
func (w *walk) leave() {
	i := w.rand.IntN(len(w.nodes))
	n := w.nodes[i]
	w.didf("leave %s, which runs %d", n.incarnation, len(w.model.owned(n.incarnation)))
	w.model.leave(n.incarnation)
	w.must(n.store.Leave(w.ctx, n.incarnation))
	w.nodes[i] = w.join(n.store, n.name, longLease)
	w.lookAtTasks()
}

// lookAtMailboxes compares what each client has been told since the last look.
func (w *walk) lookAtMailboxes() {
	w.Helper()
	for _, client := range []string{lastcall.DefaultClient, "alice", "bob"} {
		mine := w.model.box(client)
		box, fresh, err := w.anyNode().store.Events(w.ctx, client, int64(len(mine.events)), 1000)
		if lastcall.CodeOf(err) == lastcall.CodeNotFound && len(mine.events)+len(mine.fresh) == 0 {
			continue
		}
		w.must(err)
		w.wantInOrder(box, fresh, int64(len(mine.events)))
		w.agree(w.model.hear(client, box, fresh))
	}
}

// lookAtTasks compares all tasks.
func (w *walk) lookAtTasks() {
	w.Helper()
	seen := map[string]bool{}
	for _, t := range w.list(lastcall.Filter{}) {
		seen[t.ID] = true
		w.agree(w.model.agree(t))
	}
	if len(seen) != len(w.model.tasks) {
		w.Fatalf("the store lists %d tasks, want %d", len(seen), len(w.model.tasks))
	}
}

// lookAtEverything compares all that can be read.
func (w *walk) lookAtEverything() {
	w.Helper()
	w.lookAtTasks()
	w.wantQueues(w.model.queues()...)
	for _, t := range w.model.tasks {
		w.wantLog(*t, w.model.logs[t.ID])
		w.wantTaskEvents(*t, w.model.eventsOf(t))
	}
	for client, mine := range w.model.boxes {
		if mine.epoch != "" {
			if _, all := w.mailbox(client); len(all) != len(mine.events) {
				w.Fatalf("the mailbox of %q holds %d events, want %d", client, len(all), len(mine.events))
			}
		}
	}
	filter := lastcall.Filter{
		Type: one(w, "", "a"), Queue: one(w, "", "slow"), Client: one(w, "", "bob"), Limit: 1 + w.rand.IntN(20),
		Status: one(w, nil, []lastcall.Status{lastcall.Queued, lastcall.Failed}), Labels: one(w, nil, map[string]string{"k": "v"}),
	}
	w.wantIDs(w.list(filter), w.model.list(filter)...)
}

// wantEveryMove fails a walk that has left out a way of the transition table: it would prove less than it says.
func (w *walk) wantEveryMove() {
	for _, from := range lastcall.Statuses() {
		for _, to := range lastcall.Statuses() {
			made := w.model.moves[string(from+" → "+to)]
			if from.CanBecome(to) != (made > 0) {
				w.Errorf("the walk went %s → %s %d times", from, to, made)
			}
		}
	}
}
