package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/storetest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" { // we were started by a test (process_test.go)
		if err := child(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

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
