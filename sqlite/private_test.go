package sqlite

import (
	"os"
	"path/filepath"
	"testing"
)

// What clients submit is nobody else's business: all files of a new store are their owner's alone.
func TestTheFilesOfANewStoreAreTheirOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "private.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 3 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, f := range files {
		st, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		if mode := st.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o", f, mode)
		}
	}
}
