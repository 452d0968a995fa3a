package storetest

import (
	"github.com/lastcall-dev/lastcall"
)

// A finished task goes with all that it carries. What its client was told of it stays told (G5).
func forgetFinished(f *fixture) {
	n := f.node()
	kept := n.run(lastcall.Submission{Type: "a"})
	t := n.run(lastcall.Submission{Type: "b", Input: big()})
	f.must(n.store.Save(f.ctx, lastcall.Note{Task: t.ID, Run: t.Run, Log: []byte("it was here")}))
	n.settle(succeed(t, string(big())))
	n.settle(succeed(kept, "1"))
	box, events := f.mailbox(t.Client)
	f.must(f.store.Forget(f.ctx, t.ID))

	f.wantForgotten(t)
	f.wantIDs(f.list(lastcall.Filter{}), kept)
	after, left := f.mailbox(t.Client)
	if after != box || len(left) != len(events) {
		f.Fatalf("with its task the mailbox %+v with %d events became %+v with %d", box, len(events), after, len(left))
	}
	f.wantLast(kept, `{"output":1}`, lastcall.TaskSucceeded)
}

// wantForgotten fails the case unless every call that takes a task says that this one is not there.
func (f *fixture) wantForgotten(t lastcall.Task) {
	f.Helper()
	_, err := f.store.Task(f.ctx, t.ID)
	f.wantCode(err, lastcall.CodeNotFound)
	_, err = f.store.Log(f.ctx, t.ID)
	f.wantCode(err, lastcall.CodeNotFound)
	_, _, err = f.store.TaskEvents(f.ctx, t.ID)
	f.wantCode(err, lastcall.CodeNotFound)
	_, err = f.store.Cancel(f.ctx, t.ID)
	f.wantCode(err, lastcall.CodeNotFound)
	_, err = f.store.Settle(f.ctx, succeed(t, "1"))
	f.wantCode(err, lastcall.CodeNotFound)
	f.wantCode(f.store.Forget(f.ctx, t.ID), lastcall.CodeNotFound)
}

func forgetUnfinished(f *fixture) {
	n := f.node()
	running := n.run(lastcall.Submission{Type: "r"})
	backing := n.run(lastcall.Submission{Type: "b"})
	o := fail(backing, "x")
	o.Wait = longLease
	for _, t := range []lastcall.Task{
		running, n.settle(o), f.submitOne(lastcall.Submission{Type: "q"}), f.submitOne(lastcall.Submission{Type: "q", Delay: longLease}),
	} {
		f.wantCode(f.store.Forget(f.ctx, t.ID), lastcall.CodeNotFinished)
		f.wantTask(f.task(t.ID), t)
	}
}

func forgetUnknown(f *fixture) {
	for _, id := range unknownIDs {
		f.wantCode(f.store.Forget(f.ctx, id), lastcall.CodeNotFound)
	}
}

// A key without its task would have nothing to answer with: it is free again, for any body.
func forgetTakesItsKey(f *fixture) {
	for _, digest := range []string{"d", "another"} {
		s := lastcall.Submission{Type: "a", Idempotency: &lastcall.IdempotencyKey{Scope: "s", Key: digest, Digest: "d"}}
		t := f.submitOne(s)
		f.cancel(t.ID)
		f.must(f.store.Forget(f.ctx, t.ID))
		s.Idempotency = &lastcall.IdempotencyKey{Scope: "s", Key: digest, Digest: digest}
		again := f.submitOne(s)
		answer, err := f.store.Submit(f.ctx, []lastcall.Submission{s})
		f.must(err)
		if again.ID == t.ID || !answer[0].Replayed || answer[0].Task.ID != again.ID {
			f.Fatalf("the key of the forgotten task %s gives %s, then %+v", t.ID, again.ID, answer[0])
		}
	}
}
