package faults_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// aMinute is for how long a process is stopped: longer than every lease, every ping and every look at it.
const aMinute = time.Minute

// G2, G3, G4, G5: a node alone on its file is stopped for a minute and goes on. What ran has ended meanwhile, and ends once;
// the lease of a worker outside that could renew it nowhere holds; who waited is answered; who was connected hears
// everything. Then it is told to stop while it cannot hear, and drains when it can.
func TestANodeThatStoodStillForAMinuteGoesOn(t *testing.T) {
	t.Parallel()
	n := lab.Start(t, lab.Data(t), "--config", typesFile(t))
	s := begin(t, n, "alice")
	runs := n.Submit(`{"type":"nap","client":"alice"}`).ID
	n.AwaitStatus(runs, lastcall.Running)
	n.Signal(syscall.SIGSTOP)
	wait(aMinute)
	n.Signal(syscall.SIGCONT)
	if a := n.Do(http.MethodGet, "/readyz", ""); a.Status != http.StatusOK {
		t.Errorf("it is %d", a.Status)
	}
	s.goesOn()
	if task := n.AwaitStatus(runs, lastcall.Succeeded); task.Run != 1 || task.Crashes > 0 {
		t.Errorf("G2: it ended at run %d after %d crashes", task.Run, task.Crashes)
	}
	stoppedAndTold(t, n)
}

// stoppedAndTold tells a node to stop while it stands still: the time it is given begins when it hears of it.
func stoppedAndTold(t *testing.T, n *lab.Node) {
	t.Helper()
	id := n.Submit(`{"type":"nap","client":"alice"}`).ID
	n.AwaitStatus(id, lastcall.Running)
	n.Signal(syscall.SIGSTOP)
	n.Signal(syscall.SIGTERM)
	wait(3 * time.Second)
	n.Signal(syscall.SIGCONT)
	code, report := n.Wait()
	if code != 0 || report == nil || report.Tasks.Finished != 1 || report.SpareMS <= 0 {
		t.Errorf("G8: it ended with %d, report %+v", code, report)
	}
}

// G2, G9: of two processes on one file one is stopped for a minute, though not in the middle of a write, where it would have
// the file for itself as long. What it runs is still its own, as it lives: the other
// does not take it, and goes on with everything else. When the first wakes up it settles what it has.
func TestASiblingThatStandsStillHoldsUpNobody(t *testing.T) {
	t.Parallel()
	store, file := lab.Data(t), typesFile(t)
	n := lab.Start(t, store, "--config", file, "--node", "still")
	socket, _ := n.Connect("alice", "")
	alice := socket.Follow(true)
	held := n.Submit(`{"type":"nap","client":"alice"}`).ID
	n.AwaitStatus(held, lastcall.Running)
	stopBetweenWrites(t, n, store)
	other := lab.Start(t, store, "--config", file, "--node", "other")
	began, done := time.Now(), 0
	for time.Since(began) < aMinute {
		id := other.Submit(fmt.Sprintf(`{"type":"cat","client":"bob","input":%d}`, done)).ID
		other.AwaitStatus(id, lastcall.Succeeded)
		done++
		wait(2 * time.Second)
	}
	if task := other.Task(held); task.Status != lastcall.Running || task.Run != 1 {
		t.Errorf("G2: what the other held is %s at run %d", task.Status, task.Run)
	}
	n.Signal(syscall.SIGCONT)
	if task := other.AwaitStatus(held, lastcall.Succeeded); task.Run != 1 || task.Attempt != 1 || task.Crashes > 0 {
		t.Errorf("G2: it ended at run %d, attempt %d, after %d crashes", task.Run, task.Attempt, task.Crashes)
	}
	alice.Await("its answer", func(f lab.Frame) bool { return f.Task == held && f.Type == lastcall.TaskSucceeded })
	alice.InOrder(1)
	if done == 0 {
		t.Error("nothing was done meanwhile")
	}
}

// stopBetweenWrites stops a node that does not hold the lock for writing, which SQLite keeps on a byte of the shared memory
// (wal.c: WAL_WRITE_LOCK).
func stopBetweenWrites(t *testing.T, n *lab.Node, store string) {
	t.Helper()
	path, _ := strings.CutPrefix(store, "sqlite:")
	f, err := os.OpenFile(path+"-shm", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lab.Until(t, "it is stopped between two writes", func() bool {
		n.Signal(syscall.SIGSTOP)
		lock := unix.Flock_t{Type: unix.F_WRLCK, Start: 120, Len: 1}
		if err := unix.FcntlFlock(f.Fd(), unix.F_GETLK, &lock); err != nil {
			t.Fatal(err)
		}
		if lock.Type == unix.F_UNLCK {
			return true
		}
		n.Signal(syscall.SIGCONT)
		return false
	})
}
