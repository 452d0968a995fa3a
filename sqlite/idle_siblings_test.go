package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// Two processes that have nothing to do leave each other alone. What a worker does when it hears that anything may have
// moved, and finds that nothing has, changes nothing in the file: otherwise the other one would hear of that in turn, and
// they would go on for ever.
func TestWhatFindsNothingToDoIsNotHeardByASibling(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	a, b := openAt(t, path), openAt(t, path)
	defer a.Close()
	defer b.Close()
	node := join(t, a, "idle")
	join(t, b, "other")
	submitOne(t, a, lastcall.Submission{Type: "b", Client: "alice"})
	if _, err := a.Cancel(t.Context(), claimOne(t, a, node, "b").ID); err != nil {
		t.Fatal(err)
	}
	sweep(t, a, node)

	heard := dataVersion(t, b)
	for range 10 {
		tasks, err := a.Claim(t.Context(), lastcall.Claim{Incarnation: node, Max: 4, Want: []lastcall.Want{{Type: "a", Max: 4}}})
		if err != nil || len(tasks) > 0 {
			t.Fatal(tasks, err)
		}
		sweep(t, a, node)
	}
	if again := dataVersion(t, b); again != heard {
		t.Error("the other process is told that something has moved")
	}
	if _, err := a.Beat(t.Context(), lastcall.Beat{Incarnation: node}); err != nil {
		t.Fatal(err)
	}
	if again := dataVersion(t, b); again == heard {
		t.Error("a beat is not seen: this test proves nothing")
	}
}

// dataVersion changes when another connection has changed the file since.
func dataVersion(t *testing.T, s *Store) (version string) {
	t.Helper()
	err := s.write(t.Context(), "test", 0, func(tx *tx) (err error) {
		version, err = pragma(tx.conn, "data_version")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return version
}
