package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// G6: a process that was killed a moment ago still looks fit by its row. Its lock says that it is not, at once, and asking
// takes nothing away from the sweep that buries it.
func TestAPeerThatWasKilledIsNoPeerThoughItsRowIsYoung(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	a, b := openAt(t, path), openAt(t, path)
	defer a.Close()
	node, peer := join(t, a, "node"), join(t, b, "peer")
	for _, n := range []struct {
		s           *Store
		incarnation string
	}{{a, node}, {b, peer}} {
		beat := lastcall.Beat{Incarnation: n.incarnation, Phase: lastcall.PhaseReady, Lease: time.Hour}
		if _, err := n.s.Beat(t.Context(), beat); err != nil {
			t.Fatal(err)
		}
	}
	rewrite(t, a, "UPDATE nodes SET phase_since = phase_since - 3600000000") // ready for an hour
	submitOne(t, b, oneOf("a"))
	claimOne(t, b, peer, "a")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if entered, err := a.EnterAnnounce(t.Context(), node, []string{peer}); entered || err != nil {
		t.Fatalf("beside the dead: %v, %v", entered, err)
	}
	if did := sweep(t, a, node); did.Crashed != 1 {
		t.Fatalf("the dead peer's sweep: %+v", did)
	}
}
