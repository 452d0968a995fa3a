package crash_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

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
	e.cutPower(t, d.roll(-1), *rounds)
}

// G1, where syncs fail: the kernel says so once, and takes what it could not write for written. Whoever gets a 202 all
// the same must have it on the disk.
func TestAFailedSyncTakesBackNothingThatWasTold(t *testing.T) {
	d := newDice(t)
	// The first ones of each thread are left alone: they set the file up. Then every seventh fails: opening the file anew
	// takes three syncs or four and the commit after it one more, so that with every third failing a thread that falls
	// into step would never again get all that it needs in a row.
	w := watch(t, "-e", "inject=fsync,fdatasync:error=EIO:when=13+7")
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
	e.cutPower(t, d.roll(-1), *rounds)
}

// G1, where a node dies of a disk that fails and is started again when it is well: what the failed sync left in the
// kernel's memory looks committed to the new node, and is not on the disk. Nothing may be built on it.
func TestANodeThatDiedOfItsDiskIsFollowedByOneThatLosesNothing(t *testing.T) {
	d := newDice(t)
	sick := watch(t, "-e", "inject=fsync,fdatasync:error=EIO:when=14+")
	accepted := 0
	for taken := true; taken; accepted++ {
		a := sick.Do(http.MethodPost, "/v1/tasks", fmt.Sprintf(`{"type":"echo","client":"sick","input":%d}`, accepted))
		if taken = a.Status == http.StatusAccepted; accepted == 1000 {
			t.Fatal("the disk does not fail")
		}
	}
	first := sick.kill(t)
	well := watchIn(t, sick.dir)
	rush(t, well.Node, d, "crowd", 4, 10, true)
	e := well.kill(t, first.calls...)
	t.Logf("%d submits acknowledged, %d of them before the disk failed", len(e.told.Submits), len(first.told.Submits))
	e.cutPower(t, d.roll(-1), *rounds)
}
