package handlers_test

import (
	"syscall"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// G4, G8: a type that asks for more time to stop than is usual has it in a drain too, all of it before the grace ends, and
// what it leaves at the last moment is there for its next run.
func TestADrainGivesATypeTheTimeThatItAsksFor(t *testing.T) {
	t.Parallel()
	store := lab.Data(t)
	n := lab.Start(t, store, "--config=testdata/slow.yaml")
	id := submit(n, "slow", "null")
	started(n, id)
	n.Signal(syscall.SIGTERM)
	if r := n.Drained(); r.Tasks != (drain.WorkTally{HandedBack: 1}) {
		t.Errorf("the report counts %+v", r.Tasks)
	}
	again := lab.Start(t, store, "--config=testdata/slow.yaml")
	ended(t, done(again, id), lastcall.Succeeded, `"went on"`)
}
