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
	storetest.Run(t, func(tb testing.TB, name string) lastcall.Store {
		tb.Helper()
		return openAt(tb, filepath.Join(dir, name))
	})
}

// openAt opens the store at a path; the test closes it.
func openAt(tb testing.TB, path string) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), path, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
