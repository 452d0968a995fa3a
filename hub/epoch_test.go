package hub_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/hub"
)

// A store that was restored gets new epochs while readers are there: each is told that its mailbox is not the one that
// it knew, and then all that it holds, whether a hint comes (of this process, or the empty one of another's) or none.
func TestALiveReaderIsToldOfANewEpoch_G5(t *testing.T) {
	for name, hints := range map[string][]lastcall.Hint{
		"by a hint":       {{Client: "alice"}},
		"by an empty one": {{}},
		"by the poll":     nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, h := open(t, hub.Options{})
				run(t, h)
				r := live(t, h, "alice")
				write(store, h, "alice", several(3)...)
				r.wants("1", "2", "3")
				r.rung()
				store.NewEpoch("alice")
				h.Moved(hints)
				time.Sleep(1100 * time.Millisecond) // a poll and its jitter; hints are sooner
				synctest.Wait()
				if !r.rung() {
					t.Error("not woken")
				}
				r.wants(fmt.Sprintf("gap %s 0-0 to 0", lastcall.GapEpoch), "1", "2", "3")
				write(store, h, "alice", done("x"))
				r.wants("4")
			})
		})
	}
}

// A hint makes it a matter of a moment, not of a poll.
func TestTheHintOfANewEpochIsHeardAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, h := open(t, hub.Options{Poll: time.Hour})
		run(t, h)
		r := live(t, h, "alice")
		store.NewEpoch("alice")
		h.Moved([]lastcall.Hint{{}})
		time.Sleep(50 * time.Millisecond)
		synctest.Wait()
		if !r.rung() {
			t.Error("not woken")
		}
	})
}
