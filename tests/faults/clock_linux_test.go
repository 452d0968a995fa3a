package faults_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

// hours is how far clocks are set here, forward and back.
const hours = 3 * time.Hour

// wallClock is the wall clock of processes that the test starts, which it sets while they run.
type wallClock struct {
	t    *testing.T
	file *os.File
}

// newClock is a clock that is right.
func newClock(t *testing.T) *wallClock {
	t.Helper()
	dir, err := os.MkdirTemp("", "lastcall-clock-") //nolint:usetesting // a database runs as another user, whom t.TempDir keeps out
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "clock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if err := f.Truncate(int64(os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	return &wallClock{t, f}
}

// set sets the clock so far from what is right. Eight bytes of a page are written at once.
func (c *wallClock) set(ahead time.Duration) {
	c.t.Helper()
	var b [8]byte
	binary.NativeEndian.PutUint64(b[:], uint64(int64(ahead/time.Second)))
	if _, err := c.file.WriteAt(b[:], 0); err != nil {
		c.t.Fatal(err)
	}
}

func (c *wallClock) variable() string { return "CLOCK_PAGE=" + c.file.Name() }

// start starts a node that goes by this clock. Its program is the command as it is, with one file added, which puts itself
// between the runtime and the kernel's clock: nothing else about it differs, and all clocks but the wall's are the host's.
func (c *wallClock) start(store string, flags ...string) *lab.Node {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), withClock(c.t), lab.ServeArgs(store, flags...)...)
	cmd.Env = []string{c.variable()}
	n := lab.Launch(c.t, cmd)
	n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
	return n
}

func withClock(t *testing.T) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	added := map[string]string{}
	for _, name := range []string{"clock.go", "clock_amd64.s", "clock_arm64.s"} {
		added[filepath.Join(here, "..", "..", "cmd", "lastcall", name)] = filepath.Join(here, "testdata", "clock", name)
	}
	text, err := json.Marshal(map[string]any{"Replace": added})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return lab.BuildOther(t, "cmd/lastcall", "clock", file)
}

// types is a configuration with a type for workers outside.
const types = "tasks:\n  away: {pull: true}\n  nap: {exec: [sleep, \"8\"]}\n  cat: {exec: [cat]}\n"

func typesFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lastcall.yaml")
	if err := os.WriteFile(file, []byte(types), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// scene is what goes on when a clock is set.
type scene struct {
	t       *testing.T
	n       *lab.Node
	client  string
	inbox   *lab.Inbox
	lease   lent   // of a worker outside that renews it
	dead    lent   // of one that does not
	running string // on the node
	soon    string // scheduled for a little later than the clock will be set to
	far     string // scheduled for tomorrow
	waits   chan lab.Answer
}

// lent is a lease of a worker outside.
type lent struct {
	ID    string        `json:"id"`
	Token string        `json:"token"`
	Task  lastcall.Task `json:"task"`
}

// begin has something of everything under way on a node.
func begin(t *testing.T, n *lab.Node, client string) *scene {
	t.Helper()
	s := &scene{t: t, n: n, client: client, waits: make(chan lab.Answer, 1)}
	socket, _ := n.Connect(client, "")
	s.inbox = socket.Follow(true)
	for range 2 {
		s.submit("away", "1h", "timeout")
	}
	s.lease, s.dead = s.lend("60s"), s.lend("12s")
	s.running = s.submit("nap", "1h", "timeout")
	n.AwaitStatus(s.running, lastcall.Running)
	s.far, s.soon = s.submit("cat", "24h", "delay"), s.submit("cat", hours.String(), "delay")
	go func() { // ends with the task, or the context
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 3*lab.Patience)
		defer cancel()
		a, err := n.Try(ctx, http.MethodGet, "/v1/tasks/"+s.running+"?wait=40s", "")
		if err != nil {
			t.Errorf("who waits for the task: %v", err)
		}
		s.waits <- a
	}()
	return s
}

func (s *scene) submit(typ, span, as string) (id string) {
	s.t.Helper()
	return s.n.Submit(fmt.Sprintf(`{"type":%q,"client":%q,%q:%q}`, typ, s.client, as, span)).ID
}

func (s *scene) lend(ttl string) lent {
	s.t.Helper()
	var got struct{ Leases []lent }
	s.n.Do(http.MethodPost, "/v1/leases", `{"types":["away"],"max":1,"wait":"20s","ttl":"`+ttl+`"}`).Decode(s.n, &got)
	if len(got.Leases) != 1 {
		s.t.Fatal("no lease")
	}
	return got.Leases[0]
}

func (s *scene) tell(l lent, verb, more string) {
	s.t.Helper()
	a := s.n.Do(http.MethodPost, "/v1/leases/"+l.ID+"/"+verb, fmt.Sprintf(`{"token":%q%s}`, l.Token, more))
	if a.Status != http.StatusOK {
		s.t.Errorf("G3: %s is answered %d %s", verb, a.Status, a.Body)
	}
}

// goesOn checks that after the clock was set all is as it was: what runs goes on and is run once, a lease that is renewed
// holds, one that is not ends in its time and no later, and who waits is answered.
func (s *scene) goesOn() {
	s.t.Helper()
	wait(3 * time.Second) // some sweeps
	s.tell(s.lease, "renew", "")
	if a := <-s.waits; a.Status != http.StatusOK {
		s.t.Errorf("who waited is answered %d %s", a.Status, a.Body)
	}
	if task := s.n.AwaitStatus(s.running, lastcall.Succeeded); task.Run != 1 || task.Attempt != 1 || task.Crashes > 0 {
		s.t.Errorf("G2, G4: what ran ended at run %d, attempt %d, after %d crashes", task.Run, task.Attempt, task.Crashes)
	}
	dead := s.n.AwaitTask(s.dead.Task.ID, "was taken from a worker that is gone", func(t lastcall.Task) bool { return t.Run > 1 || t.Crashes > 0 })
	if dead.Crashes != 1 {
		s.t.Errorf("it has %d crashes", dead.Crashes)
	}
	again := s.lend("60s")
	if again.Task.ID != s.dead.Task.ID {
		s.t.Errorf("%s is leased, and not what was given up", again.Task.ID)
	}
	s.tell(again, "complete", `,"output":1`)
	s.tell(s.lease, "renew", "")
	s.tell(s.lease, "complete", `,"output":1`)
	if task := s.n.Task(s.lease.Task.ID); task.Run != 1 || task.Crashes > 0 || task.Status != lastcall.Succeeded {
		s.t.Errorf("G3: what was leased is %s at run %d after %d crashes", task.Status, task.Run, task.Crashes)
	}
	if task := s.n.Task(s.far); task.Status != lastcall.Scheduled {
		s.t.Errorf("what is due tomorrow is %s", task.Status)
	}
	fresh := s.submit("cat", "1s", "delay")
	s.n.AwaitStatus(fresh, lastcall.Succeeded)
	var list struct{ Tasks []lastcall.Task }
	s.n.Do(http.MethodGet, "/v1/tasks?limit=1", "").Decode(s.n, &list)
	if len(list.Tasks) != 1 || list.Tasks[0].ID != fresh {
		s.t.Errorf("the newest of the list is not the newest")
	}
	s.inbox.Await("its answer", func(f lab.Frame) bool { return f.Task == fresh && f.Type == lastcall.TaskSucceeded })
	s.inbox.InOrder(1)
}

// G2, G3, G4, G5: the host's clock is set forward by hours, and put right again, while everything is under way.
func TestAClockThatIsSetForwardEndsNothing(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	n := c.start(lab.Data(t), "--config", typesFile(t))
	kept := n.Submit(`{"type":"cat","client":"bob","input":1}`, "Prefer: wait=30").ID
	s := begin(t, n, "alice")
	c.set(hours)
	n.AwaitStatus(s.soon, lastcall.Succeeded) // as the clock now says that it is due
	s.goesOn()
	c.set(30 * 24 * time.Hour) // somebody's slip of the pen
	wait(3 * time.Second)
	c.set(0)
	if task := n.Task(kept); task.Status != lastcall.Succeeded {
		t.Errorf("it is %s", task.Status)
	}
	drains(t, n, c, hours)
}

// The same, back.
func TestAClockThatIsSetBackHoldsNothingUp(t *testing.T) {
	t.Parallel()
	c := newClock(t)
	n := c.start(lab.Data(t), "--config", typesFile(t))
	s := begin(t, n, "alice")
	c.set(-hours)
	s.goesOn()
	drains(t, n, c, -hours)
}

// G8: a drain's time does not go by a clock that is set in the middle of it.
func drains(t *testing.T, n *lab.Node, c *wallClock, ahead time.Duration) {
	t.Helper()
	id := n.Submit(`{"type":"nap","client":"alice"}`).ID
	n.AwaitStatus(id, lastcall.Running)
	n.Signal(syscall.SIGTERM)
	n.Await("the drain begins", func(l lab.Line) bool { return l.Msg == "drain begins" })
	c.set(ahead)
	code, report := n.Wait()
	if code != 0 || report == nil || report.Tasks.Finished != 1 || report.SpareMS < 5000 || report.SpareMS > 30_000 {
		t.Errorf("G8: it ended with %d, report %+v", code, report)
	}
}

// G3, G4: in a cluster the clock of the database counts. It is set forward and back while the clock of one of the nodes is
// off by hours as well, one way and then the other.
func TestTheClocksOfAClusterAreSet(t *testing.T) {
	t.Parallel()
	of := newClock(t)
	server := pg.Start(t, pg.Environ("LD_PRELOAD="+library(t), of.variable()))
	store := server.Create(t, "clock")
	right, off := newClock(t), newClock(t)
	off.set(-hours)
	file := typesFile(t)
	n := right.start(store, "--config", file, "--node", "right")
	other := off.start(store, "--config", file, "--node", "off")
	s := begin(t, n, "alice")
	of.set(hours)
	off.set(hours)
	n.AwaitStatus(s.soon, lastcall.Succeeded)
	s.goesOn()
	s = begin(t, other, "bob")
	of.set(0)
	off.set(-hours)
	s.goesOn()
	n.Signal(syscall.SIGTERM)
	if code, report := n.Wait(); code != 0 || report == nil {
		t.Errorf("G8: it ended with %d, report %+v", code, report)
	}
	drains(t, other, off, hours)
}

// library is what has a program in C go by a clock of a test's.
func library(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lastcall-clock-") //nolint:usetesting // as above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "clock.so")
	cmd := exec.CommandContext(t.Context(), "cc", "-shared", "-fPIC", "-O1", "-Wall", "-o", path, "testdata/clock/database.c", "-ldl")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	return path
}
