package clients_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// G5: a client loses its connection again and again while its tasks end, without a close, and comes back each time with
// the cursor of the last event that it got. It gets every event, each once, in order.
func TestAClientThatVanishesAndResumesMissesNothing(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t))
	const tasks = 200
	submitted := make(chan struct{})
	go func() { // ends when all are submitted
		defer close(submitted)
		for i := range tasks {
			n.Submit(fmt.Sprintf(`{"type":"echo","client":"alice","input":%d}`, i))
		}
	}()
	var next int64 = 1
	answers := map[string]bool{}
	for cursor, lives := "", 0; len(answers) < tasks; lives++ {
		s, welcome := n.Connect("alice", cursor)
		if want := next - 1; seqOf(t, welcome.Cursor) != want {
			t.Fatalf("life %d begins at %s, want position %d", lives, welcome.Cursor, want)
		}
		for got := 0; got < 1+lives%7 && len(answers) < tasks; {
			f, err := s.Next(lab.Patience)
			if err != nil {
				t.Fatal(err)
			}
			if f.T != "event" {
				continue
			}
			if f.Seq != next || answers[f.Task] {
				t.Fatalf("life %d got event %d of task %s, want %d of a task that is new", lives, f.Seq, f.Task, next)
			}
			answers[f.Task] = true
			next, cursor, got = next+1, f.Cursor, got+1
		}
		_ = s.Conn.CloseNow()
	}
	<-submitted
}

// many is how many events are replayed.
const many = 100_000

// G5: a client that was away while 100,000 things happened gets all of them over one socket, in order and without a gap,
// and the server's memory does not grow with what it has to tell: events wait in the store and not in it.
func TestAReplayOfAHundredThousandEventsIsGaplessAndCostsNoMemory(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lab.db")
	if out, err := exec.Command(lab.BuildPlain(t, "tests/clients/history"), path, "alice", strconv.Itoa(many)).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	n := lab.Start(t, "sqlite:"+path)
	before := residentPeak(t, n)
	s, welcome := n.Connect("alice", "")
	if welcome.Head != many || seqOf(t, welcome.Cursor) != 0 {
		t.Fatalf("the welcome says %s of %d", welcome.Cursor, welcome.Head)
	}
	began := time.Now()
	for want := int64(1); want <= many; want++ {
		if f := unpinged(t, s); f.T != "event" || f.Seq != want {
			t.Fatalf("got %s %d, want event %d", f.T, f.Seq, want)
		}
	}
	if f := unpinged(t, s); f.T != "live" || seqOf(t, f.Cursor) != many {
		t.Errorf("after the last event came %+v, want live", f)
	}
	grown := residentPeak(t, n) - before
	t.Logf("%d events in %v; the server had %d KiB resident at its peak, %d more than at rest", many, time.Since(began), before+grown, grown)
	if most := 96 << 10; grown > most {
		t.Errorf("the server took %d KiB more for the replay, want %d at most", grown, most)
	}
}

// unpinged is the next frame that is no ping; those are answered.
func unpinged(t *testing.T, s *lab.Socket) lab.Frame {
	t.Helper()
	for {
		f, err := s.Next(lab.Patience)
		if err != nil {
			t.Fatal(err)
		}
		if f.T != "ping" {
			return f
		}
		s.Send(map[string]any{"t": "pong", "n": f.N})
	}
}

// residentPeak is the most memory that the process has had resident, in KiB (proc(5), VmHWM).
func residentPeak(t *testing.T, n *lab.Node) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.Cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib
}

func seqOf(t *testing.T, cursor string) int64 {
	t.Helper()
	c, err := lastcall.ParseCursor(cursor)
	if err != nil {
		t.Fatal(err)
	}
	return c.Seq
}
