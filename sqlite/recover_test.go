package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// G1: after a commit that failed nobody is told that it succeeded, and the store goes on with what was there before.
func TestAFailedCommitIsNotAcknowledgedAndTheStoreRecovers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := openAt(t, path)
	kept := submitOne(t, s, lastcall.Submission{Type: "kept"})

	failing := errors.New("input/output error")
	failNext(t, s, failing)
	_, err := s.Submit(t.Context(), submission("lost"))
	wantCode(t, err, lastcall.CodeStoreUnavailable)
	if !errors.Is(err, failing) {
		t.Fatalf("the cause is not in %v", err)
	}

	after := submitOne(t, s, lastcall.Submission{Type: "after"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path)
	defer s.Close()
	wantTypes(t, s, map[string]int{"kept": 1, "after": 1})
	for _, id := range []string{kept.ID, after.ID} {
		if _, err := s.Task(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
}

// G1: the log is not written on after a failure, as the disk may have lost a piece of it that the kernel still shows:
// what it holds is moved into the file, and it begins anew.
func TestAfterAFailureTheLogBeginsAnew(t *testing.T) {
	s := testStore(t)
	for range 50 {
		submitOne(t, s, oneOf("a"))
	}
	before := sizeOf(t, s.path+"-wal")
	failNext(t, s, errors.New("input/output error"))
	_, err := s.Submit(t.Context(), submission("lost"))
	wantCode(t, err, lastcall.CodeStoreUnavailable)
	submitOne(t, s, oneOf("after"))
	if after := sizeOf(t, s.path+"-wal"); after >= before/4 {
		t.Fatalf("the log had %d bytes and has %d", before, after)
	}
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return st.Size()
}

// failNext makes the next commit fail before it reaches the disk.
func failNext(tb testing.TB, s *Store, failing error) {
	tb.Helper()
	armed := false // the commit of this very call goes well
	err := s.write(tb.Context(), "test", 0, func(*tx) error {
		s.writer.before = func() error {
			if !armed {
				armed = true
				return nil
			}
			s.writer.before = nil
			return failing
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// All who share a commit share its fate, also those whose answer was a refusal: nobody knows what they would be told
// now.
func TestAFailedCommitFailsItsWholeBatch(t *testing.T) {
	s := testStore(t)
	release := stall(t, s)
	const calls = 10
	answers := make(chan error, calls)
	for range calls {
		go func() { // ends with its answer
			_, err := s.Submit(t.Context(), submission("lost"))
			answers <- err
		}()
	}
	waitQueued(t, s, calls)
	s.writer.before = func() error { // the writer is stalled and does not look
		s.writer.before = nil
		return errors.New("input/output error")
	}
	release()
	for range calls {
		wantCode(t, <-answers, lastcall.CodeStoreUnavailable)
	}
	wantTypes(t, s, nil)
}

// A full disk refuses what needs room, with the time after which to try again, and harms nothing: reads go on, and so
// does everything once there is room.
func TestAFullDiskIsUnavailableUntilThereIsRoom(t *testing.T) {
	s := testStore(t)
	first := submitOne(t, s, lastcall.Submission{Type: "first"})
	limitPages(t, s, "1")
	var err error
	for range 1000 {
		if _, err = s.Submit(t.Context(), submission("more")); err != nil {
			break
		}
	}
	wantCode(t, err, lastcall.CodeStoreUnavailable)
	var e *lastcall.Error
	if !errors.As(err, &e) || e.RetryAfter <= 0 || !strings.Contains(e.Detail, "disk is full") {
		t.Fatalf("got %+v", e)
	}
	if _, err := s.Task(t.Context(), first.ID); err != nil {
		t.Fatalf("a read on a full disk: %v", err)
	}
	limitPages(t, s, "1000000")
	submitOne(t, s, lastcall.Submission{Type: "after"})
}

// A call that has no room does not cost smaller ones of its batch their commit.
func TestAFullDiskRefusesOnlyWhatDoesNotFit(t *testing.T) {
	s := testStore(t)
	limitPages(t, s, "64")
	release := stall(t, s)
	answers := make(chan error, 2)
	go func() { // ends with its answer
		_, err := s.Submit(t.Context(), []lastcall.Submission{{Type: "large", Input: []byte(`"` + strings.Repeat("x", 1<<20) + `"`)}})
		answers <- err
	}()
	waitQueued(t, s, 1)
	small := make(chan error, 1)
	go func() { // ends with its answer
		_, err := s.Submit(t.Context(), submission("small"))
		small <- err
	}()
	waitQueued(t, s, 2)
	release()
	wantCode(t, <-answers, lastcall.CodeStoreUnavailable)
	if err := <-small; err != nil {
		t.Fatal(err)
	}
	wantTypes(t, s, map[string]int{"small": 1})
}

// limitPages bounds the size of the file on the writer's connection.
func limitPages(tb testing.TB, s *Store, pages string) {
	tb.Helper()
	err := s.write(tb.Context(), "test", 0, func(tx *tx) error {
		_, err := pragma(tx.conn, "max_page_count = "+pages)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// A reader that meets a fault is replaced, so that the next read is served.
func TestAReaderThatBreaksIsReplaced(t *testing.T) {
	s := testStore(t)
	task := submitOne(t, s, lastcall.Submission{Type: "a"})
	for range readerCount + 1 {
		err := s.read(t.Context(), "test", func(v view) error {
			return v.conn.Exec("SELECT 1; BEGIN") // fails, and leaves the transaction open
		})
		wantCode(t, err, lastcall.CodeInternal)
	}
	if _, err := s.Task(t.Context(), task.ID); err != nil {
		t.Fatal(err)
	}
}
