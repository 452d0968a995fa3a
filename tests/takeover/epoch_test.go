package takeover_test

import (
	"os/exec"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// G5: the command gives the mailboxes of a store new epochs while a node serves it. Who is connected is told of the gap,
// then of what the mailbox holds, and hears on in the new epoch.
func TestWhoIsConnectedIsToldOfANewEpoch(t *testing.T) {
	t.Parallel()
	store := lab.Data(t)
	n := lab.Start(t, store)
	s, _ := n.Connect("alice", "")
	in := s.Follow(true)
	n.Sleep("alice", time.Millisecond)
	first := in.Await("the result", func(f lab.Frame) bool { return f.T == "event" })
	if out, err := exec.CommandContext(t.Context(), lab.Binary(t), "new-epoch", "--store", store).CombinedOutput(); err != nil {
		t.Fatalf("new-epoch: %v\n%s", err, out)
	}
	gap := in.Await("the gap", func(f lab.Frame) bool { return f.T == "gap" })
	if lastcall.GapReason(gap.Why) != lastcall.GapEpoch {
		t.Errorf("the gap is told as %+v", gap)
	}
	again := in.Await("the result once more", func(f lab.Frame) bool { return f.T == "event" && f.Cursor != first.Cursor })
	if again.ID != first.ID || again.Seq != first.Seq {
		t.Errorf("after the gap came %+v, want what came before as %+v", again, first)
	}
	n.Sleep("alice", time.Millisecond)
	in.Await("the next result", func(f lab.Frame) bool { return f.T == "event" && f.Seq == first.Seq+1 })
}
