package crash_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/crash/witness"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// watched is a node under strace, with its data in a folder that was empty.
type watched struct {
	*lab.Node
	dir   string
	trace string
}

// db is the name of the database file.
const db = "lab.db"

// watch starts a node with its data in an empty folder.
func watch(t *testing.T, more ...string) *watched {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir()) // as the trace shows it
	if err != nil {
		t.Fatal(err)
	}
	return watchIn(t, dir, more...)
}

func watchIn(t *testing.T, dir string, more ...string) *watched {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	args := append(witness.Args(trace, more...), lab.Binary(t))
	n := lab.Launch(t, exec.Command("strace", append(args, lab.ServeArgs("sqlite:"+filepath.Join(dir, db))...)...))
	n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
	return &watched{n, dir, trace}
}

// evidence is what was seen of a node that has been killed, and of its lives before.
type evidence struct {
	dir   string
	calls []witness.Call
	told  witness.Told
	from  int // line from which on the power is cut
}

// kill kills the node and reads the trace, which is complete when strace has ended too, and with it the log.
func (w *watched) kill(t *testing.T, before ...witness.Call) *evidence {
	t.Helper()
	w.Kill()
	return w.read(t, before)
}

// read reads the trace of a node that has ended.
func (w *watched) read(t *testing.T, before []witness.Call) *evidence {
	t.Helper()
	f, err := os.Open(w.trace)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	calls, err := witness.Parse(f)
	if err != nil {
		t.Fatal(err)
	}
	e := &evidence{dir: w.dir}
	// What the kill cut off may have been done or not. The disk knows, and there is no third.
	e.calls = witness.Follow(before, calls)
	if err := e.checkDisk(t); err != nil {
		e.calls = witness.Landed(e.calls)
		if e.checkDisk(t) != nil {
			t.Fatal(err)
		}
	}
	if e.told, err = witness.Listen(e.calls); err != nil {
		t.Fatal(err)
	}
	return e
}

// checkDisk holds the test's own file system against the real one: what the killed program had written, synced or not,
// must be the same in both. Otherwise the trace has missed something and the power cuts prove nothing.
func (e *evidence) checkDisk(t *testing.T) error {
	t.Helper()
	d := witness.NewDisk(e.dir, e.calls)
	if err := d.Advance(witness.Never); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{db, db + "-wal"} {
		want := read(t, filepath.Join(e.dir, name))
		if got, _ := d.Cached(name); !bytes.Equal(got, want) {
			return fmt.Errorf("the trace and the disk disagree about %s: %d bytes and %d", name, len(got), len(want))
		}
	}
	return nil
}

// synced holds each answer that left against the syncs before it.
func (e *evidence) synced(t *testing.T) {
	t.Helper()
	found, err := witness.Unsynced(e.calls, filepath.Join(e.dir, db+"-wal"), e.told)
	if err != nil {
		t.Fatal(err)
	}
	for i, why := range found {
		if i == 10 {
			t.Errorf("… and %d more", len(found)-i)
			break
		}
		t.Error("told too early: " + why)
	}
}

// moments are lines of the trace to cut the power at, in order. They are shared out evenly among the answers that are just
// leaving, the steps that were taken, and the whole of the node's life.
func (e *evidence) moments(t *testing.T, chance *rand.Rand, n int) []int {
	t.Helper()
	var told, whole []int
	for _, s := range e.told.Submits {
		told = append(told, s.Told)
	}
	for _, f := range e.told.Frames {
		told = append(told, f.Told)
	}
	for i := range e.calls {
		whole = append(whole, e.calls[i].Began)
	}
	early := func(line int) bool { return line < e.from }
	kinds := [][]int{slices.DeleteFunc(told, early), slices.DeleteFunc(whole, early)}
	steps := witness.Steps(e.calls, filepath.Join(e.dir, db))
	for _, step := range []witness.Step{witness.Log, witness.Begin, witness.Sync, witness.Checkpoint, witness.Name} {
		steps[step] = slices.DeleteFunc(steps[step], early)
		switch {
		case len(steps[step]) > 0:
			kinds = append(kinds, steps[step])
		case e.from == 0: // a part of a node's life may pass without
			t.Errorf("it is never seen that %s", step)
		}
	}
	lines := make([]int, n)
	for i := range lines {
		kind := kinds[i%len(kinds)]
		lines[i] = kind[chance.IntN(len(kind))]
	}
	slices.Sort(lines)
	return lines
}

// cutPower takes the power away at many moments, each time starts a node on what would be left, and holds it to all that
// had been told by then, and to being of use again.
func (e *evidence) cutPower(t *testing.T, chance *rand.Rand, cuts int) {
	t.Helper()
	d := witness.NewDisk(e.dir, e.calls)
	binary := lab.BuildPlain(t, "cmd/lastcall") // the race detector would take most of the time; those that are watched have it
	var ready spread[int64]
	promises := 0
	for i, line := range e.moments(t, chance, cuts) {
		loss := witness.LossOf(i)
		dir := t.TempDir()
		if err := d.Advance(line); err != nil {
			t.Fatal(err)
		}
		if err := d.Cut(dir, loss, chance); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		n := lab.Launch(t, exec.Command(binary, lab.ServeArgs("sqlite:"+filepath.Join(dir, db))...))
		n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
		ready = append(ready, time.Since(begin).Milliseconds())
		log, clients := e.promised(line)
		submit(n, log, `{"type":"echo","client":"afterwards","input":1}`)
		record.End(t, n, log, append(clients, "afterwards"), checker.Expect{})
		s := log.Summary()
		promises += s.Submitted + s.Events
		n.Kill()
		if t.Failed() {
			t.Fatalf("cut %d of %d, at line %d: %s", i+1, cuts, line, loss)
		}
	}
	t.Logf("%d power cuts, %d promises held against what was left; ms until ready: %v", cuts, promises, ready)
}

// promised is the record of what had been told by a line. A submit that was not yet answered may or may not have made
// its task.
func (e *evidence) promised(line int) (log *checker.Log, clients []string) {
	log = &checker.Log{}
	for _, s := range e.told.Submits {
		if !slices.Contains(clients, s.Task.Client) {
			clients = append(clients, s.Task.Client)
		}
		submit := checker.Submit{Client: s.Task.Client, Key: s.Key}
		if s.Told <= line {
			log.Submitted(submit, s.Task)
		} else {
			log.SubmitUnknown(submit)
		}
	}
	for _, u := range e.told.Unknown {
		log.SubmitUnknown(checker.Submit{Client: u.Client, Key: u.Key})
	}
	for _, f := range e.told.Frames {
		switch {
		case f.Told > line:
		case f.Event == nil:
			log.Connected(f.Client, f.Conn, f.Cursor)
		default:
			log.EventSeen(f.Client, f.Conn, f.Cursor, *f.Event)
		}
	}
	return log, clients
}
