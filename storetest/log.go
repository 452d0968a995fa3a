package storetest

import (
	"bytes"

	"github.com/lastcall-dev/lastcall"
)

// wantLog compares the log of a task, as any node sees it.
func (f *fixture) wantLog(t lastcall.Task, want string) {
	f.Helper()
	got, err := f.store.Log(f.ctx, t.ID)
	f.must(err)
	if string(got) != want {
		f.Fatalf("the log holds %d bytes, %.80q, want %d, %.80q", len(got), got, len(want), want)
	}
}

// A note brings all of the log, and one that brings none leaves it.
func logIsReplaced(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a"})
	f.wantLog(t, "")
	long := string(bytes.Repeat([]byte("\x00\xff日\n"), lastcall.MaxLog/6))
	for _, log := range []string{"one\n", long, "", "two\n"} {
		f.must(n.store.Save(f.ctx, lastcall.Note{Task: t.ID, Run: t.Run, Log: []byte(log)}))
		f.wantLog(t, log)
	}
	f.must(n.store.Save(f.ctx, lastcall.Note{Task: t.ID, Run: t.Run, Checkpoint: []byte("x")}))
	f.wantLog(t, "two\n")
	want := t
	want.Checkpoint = []byte("x")
	f.wantTask(f.task(t.ID), want) // it shows nowhere else
	n.settle(succeed(t, "1"))
	f.wantLog(t, "two\n") // an outcome that brings none leaves it, too
}

// Each run begins with an empty log; until then that of the last one can be read.
func logOfTheLastRun(f *fixture) {
	n := f.node()
	t := n.run(lastcall.Submission{Type: "a", MaxAttempts: 9})
	for _, o := range []lastcall.Outcome{release(t), fail(t, "x"), succeed(t, "1")} {
		f.wantLog(t, "")
		f.must(n.store.Save(f.ctx, lastcall.Note{Task: t.ID, Run: t.Run, Log: []byte("so far")}))
		o.Run, o.Log = t.Run, []byte("all of it")
		n.settle(o)
		f.wantLog(t, "all of it")
		f.sweep()
		if o.Verdict != lastcall.Succeed {
			t = n.start("a")
		}
	}
	m := f.mortal()
	crashed := m.run(lastcall.Submission{Type: "b"})
	f.must(m.store.Save(f.ctx, lastcall.Note{Task: crashed.ID, Run: crashed.Run, Log: []byte("last words")}))
	m.die()
	f.wantLog(crashed, "last words")
	n.start("b")
	f.wantLog(crashed, "")
}

// What is refused leaves no log behind (G3).
func logByAnOldRun(f *fixture) {
	n := f.node()
	old := n.run(lastcall.Submission{Type: "a"})
	n.settle(release(old))
	n.start("a")
	late := succeed(old, "1")
	late.Log = []byte("late")
	n.settleLost(late)
	f.wantCode(n.store.Save(f.ctx, lastcall.Note{Task: old.ID, Run: old.Run, Log: []byte("late")}), lastcall.CodeLeaseLost)
	f.wantLog(old, "")
}

func logUnknown(f *fixture) {
	f.wantLog(f.submitOne(lastcall.Submission{Type: "a"}), "")
	for _, id := range unknownIDs {
		_, err := f.store.Log(f.ctx, id)
		f.wantCode(err, lastcall.CodeNotFound)
		_, _, err = f.store.TaskEvents(f.ctx, id)
		f.wantCode(err, lastcall.CodeNotFound)
	}
}
