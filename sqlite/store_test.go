package sqlite

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The specification of package storetest, in full.
func TestStore(t *testing.T) {
	dir := t.TempDir()
	storetest.Run(t, func(t testing.TB, name string) lastcall.Store { return openAt(t, filepath.Join(dir, name)) })
}

// openAt opens the store at a path; the test closes it.
func openAt(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
