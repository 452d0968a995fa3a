package crash_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/crash/witness"
	"github.com/lastcall-dev/lastcall/tests/lab"
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
}

// kill kills the node and reads the trace, which is complete when strace has ended too, and with it the log.
func (w *watched) kill(t *testing.T, before ...witness.Call) *evidence {
	t.Helper()
	w.Kill()
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
		if got, _ := d.Cached(name); string(got) != string(want) {
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

// moments are lines of the trace to cut the power at, in order: half of them where an answer is just leaving, the others
// anywhere from the first answer on.
func (e *evidence) moments(chance *rand.Rand, n int) []int {
	var told []int
	for _, s := range e.told.Submits {
		told = append(told, s.Told)
	}
	for _, f := range e.told.Frames {
		told = append(told, f.Told)
	}
	first, last := slices.Min(told), e.calls[len(e.calls)-1].Began
	lines := make([]int, n)
	for i := range lines {
		if lines[i] = told[chance.IntN(len(told))]; i%2 == 1 {
			lines[i] = first + chance.IntN(last-first)
		}
	}
	slices.Sort(lines)
	return lines
}

// cutPower takes the power away at many moments, each time starts a node on what would be left, and holds it to all that
// had been told by then. Every other time what was not synced is not all gone but torn.
func (e *evidence) cutPower(t *testing.T, chance *rand.Rand, cuts int) {
	t.Helper()
	d := witness.NewDisk(e.dir, e.calls)
	var ready spread[int64]
	promises := 0
	for i, line := range e.moments(chance, cuts) {
		tear := chance
		if i%2 == 0 {
			tear = nil
		}
		dir := t.TempDir()
		if err := d.Advance(line); err != nil {
			t.Fatal(err)
		}
		if err := d.Cut(dir, tear); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		n := lab.Start(t, "sqlite:"+filepath.Join(dir, db))
		ready = append(ready, time.Since(begin).Milliseconds())
		log, clients := e.promised(line)
		end(t, n, log, clients)
		s := log.Summary()
		promises += s.Submitted + s.Events
		n.Kill()
		if t.Failed() {
			t.Fatalf("cut %d of %d, at line %d, torn: %v", i+1, cuts, line, tear != nil)
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

// customer submits tasks one after the other.
type customer struct {
	name   string
	chance *rand.Rand
	keyed  bool // every submit has a key, and is repeated under it until it is acknowledged
	again  int  // submits that were repeated because of a 503
}

// submit submits a number of tasks. It runs beside others and tells the test of what is wrong with t.Error.
func (c *customer) submit(t *testing.T, n *lab.Node, tasks int) {
	for i := range tasks {
		body := fmt.Sprintf(`{"type":"echo","client":%q,"input":%q}`, c.name, strings.Repeat("x", c.chance.IntN(300)))
		switch c.chance.IntN(10) {
		case 0: // an input that stands in a table of its own
			body = fmt.Sprintf(`{"type":"echo","client":%q,"input":%q}`, c.name, strings.Repeat("y", 5000+c.chance.IntN(5000)))
		case 1:
			body = fmt.Sprintf(`{"type":"sleep","client":%q,"input":{"ms":%d,"steps":2}}`, c.name, c.chance.IntN(30))
		}
		var headers []string
		if c.keyed || c.chance.IntN(5) == 0 {
			headers = []string{fmt.Sprintf("Idempotency-Key: %s %d", c.name, i)}
		}
		if !c.insist(t, n, body, headers) {
			return
		}
		if headers != nil && c.chance.IntN(3) == 0 && !c.insist(t, n, body, headers) { // and once more
			return
		}
	}
}

// insist submits until the task is acknowledged; what has no key is submitted once.
func (c *customer) insist(t *testing.T, n *lab.Node, body string, headers []string) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		a, err := n.Try(t.Context(), http.MethodPost, "/v1/tasks", body, headers...)
		switch {
		case err != nil:
			t.Errorf("%s: submit: %v", c.name, err)
			return false
		case a.Status == http.StatusAccepted:
			return true
		case a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || !c.keyed:
			t.Errorf("%s: submit: %d %s, retry after %q", c.name, a.Status, a.Body, a.Header.Get("Retry-After"))
			return false
		}
		c.again++
		<-tick.C
	}
	t.Errorf("%s: a submit was never taken", c.name)
	return false
}

// rush has customers submit at the same time and waits until each has heard of the end of all its tasks.
func rush(t *testing.T, n *lab.Node, d dice, name string, customers, tasks int, keyed bool) (again int) {
	t.Helper()
	inboxes := make([]*lab.Inbox, customers)
	all := make([]customer, customers)
	var busy sync.WaitGroup
	for i := range all {
		all[i] = customer{name: fmt.Sprintf("%s-%d", name, i), chance: d.roll(i), keyed: keyed}
		s, _ := n.Connect(all[i].name, "")
		inboxes[i] = s.Follow(i%2 == 0)
		busy.Go(func() { all[i].submit(t, n, tasks) })
	}
	busy.Wait()
	settle(t, n)
	for i, in := range inboxes {
		again += all[i].again
		lab.Until(t, all[i].name+" has heard of all its tasks", func() bool { return len(in.Events()) >= tasks })
		_ = in.Conn.CloseNow()
	}
	return again
}

// G1: the sync is there. The system calls of the running binary show that no answer leaves before the sync of what it
// says; and a power cut at any moment, built from the same calls, takes back nothing that was told.
func TestNothingIsToldBeforeItIsOnTheDisk(t *testing.T) {
	d := newDice(t)
	w := watch(t)
	rush(t, w.Node, d, "alone", 1, 60, false) // one after the other: each its own commit
	lab.Until(t, "the log has been moved into the file", func() bool {
		st, err := os.Stat(filepath.Join(w.dir, db))
		return err == nil && st.Size() > 4096
	})
	rush(t, w.Node, d, "crowd", 8, 20, false) // group commits, in a log that is begun anew
	e := w.kill(t)
	t.Logf("%d system calls, %d submits acknowledged, %d frames", len(e.calls), len(e.told.Submits), len(e.told.Frames))
	if len(e.told.Submits) < 60+8*20 || len(e.told.Frames) < 60+8*20 {
		t.Errorf("only %d submits and %d frames were seen", len(e.told.Submits), len(e.told.Frames))
	}
	e.synced(t)
	e.cutPower(t, d.roll(-1), 30)
}

// G1, where syncs fail: the kernel says so once, and takes what it could not write for written. Whoever gets a 202 all
// the same must have it on the disk.
func TestAFailedSyncTakesBackNothingThatWasTold(t *testing.T) {
	d := newDice(t)
	// The first ones of each thread are left alone: they set the file up.
	w := watch(t, "-e", "inject=fsync,fdatasync:error=EIO:when=9+4")
	again := rush(t, w.Node, d, "crowd", 4, 30, true)
	e := w.kill(t)
	syncs, failed := 0, 0
	for _, c := range e.calls {
		if c.Name == "fsync" || c.Name == "fdatasync" {
			syncs++
			if c.Result < 0 {
				failed++
			}
		}
	}
	t.Logf("%d of %d syncs failed, %d submits were asked to come again, %d acknowledged", failed, syncs, again, len(e.told.Submits))
	if failed == 0 || again == 0 {
		t.Error("no sync has failed a submit")
	}
	e.synced(t)
	e.cutPower(t, d.roll(-1), 20)
}

// G1, where a node dies of a disk that fails and is started again when it is well: what the failed sync left in the
// kernel's memory looks committed to the new node, and is not on the disk. Nothing may be built on it.
func TestANodeThatDiedOfItsDiskIsFollowedByOneThatLosesNothing(t *testing.T) {
	d := newDice(t)
	sick := watch(t, "-e", "inject=fsync,fdatasync:error=EIO:when=14+")
	refused := 0
	for i := 0; refused == 0; i++ {
		body := fmt.Sprintf(`{"type":"echo","client":"sick","input":%d}`, i)
		a := sick.Do(http.MethodPost, "/v1/tasks", body, fmt.Sprintf("Idempotency-Key: sick %d", i))
		if a.Status != http.StatusAccepted {
			refused++
		}
	}
	first := sick.kill(t)
	well := watchIn(t, sick.dir)
	rush(t, well.Node, d, "crowd", 4, 10, true)
	e := well.kill(t, first.calls...)
	t.Logf("%d submits acknowledged, %d of them before the disk failed", len(e.told.Submits), len(first.told.Submits))
	e.cutPower(t, d.roll(-1), 20)
}
