package sqlite

import (
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/sqlite/internal/sqlite3"
)

// A sibling that writes as fast as it can leaves moments of a millisecond between its batches. The writer finds one of the
// first: it does not wait longer and longer between its tries, as SQLite does.
func TestTheWriterFindsTheMomentsThatABusySiblingLeaves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := openAt(t, path)
	defer s.Close()
	other, err := openWriter(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	h := hog{conn: other, stop: make(chan struct{})}
	stopped := make(chan error, 1)
	go func() { stopped <- h.run() }() // ends by stop

	const submits = 8
	passed := int64(0)
	for range submits {
		eventually(t, "the lock is held", h.holds.Load)
		before := h.moments.Load()
		submitOne(t, s, oneOf("a"))
		passed += h.moments.Load() - before
	}
	close(h.stop)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	// Each hold is 30 ms and each moment 2 ms: of SQLite's own tries, soon 100 ms apart, one in sixteen would succeed.
	if passed > 3*submits {
		t.Errorf("%d submits let %d moments go by", submits, passed)
	}
}

// hog holds the lock for writing, but for a moment now and then.
type hog struct {
	conn    *sqlite3.Conn
	stop    chan struct{}
	holds   atomic.Bool
	moments atomic.Int64 // that there were
}

func (h *hog) run() error {
	for {
		if err := h.conn.Exec("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		h.holds.Store(true)
		<-time.After(30 * time.Millisecond)
		h.holds.Store(false)
		if err := h.conn.Exec("ROLLBACK"); err != nil {
			return err
		}
		h.moments.Add(1)
		select {
		case <-h.stop:
			return nil
		case <-time.After(2 * time.Millisecond):
		}
	}
}
