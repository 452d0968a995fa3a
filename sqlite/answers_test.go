package sqlite //nolint:testpackage // the disk is stopped from inside

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// A writer that fails answers, also one that was closed; one that hangs does not. What a watchdog does about the first
// would mend nothing, and nothing else mends the second.
func TestOnlyAWriterThatHangsDoesNotAnswer(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	hangs, goes := make(chan struct{}), make(chan struct{})
	s.writer.before = func() error {
		close(hangs)
		<-goes
		return errors.New("the disk is gone")
	}
	if err := s.Answers(t.Context()); err != nil {
		t.Errorf("it has nothing to do: %v", err)
	}
	joined := make(chan error, 1)
	go func() { // ends when the commit does, and is waited for
		_, err := s.Join(context.WithoutCancel(t.Context()), lastcall.NodeInfo{Name: "a", Lease: time.Second})
		joined <- err
	}()
	<-hangs
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Answers(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it hangs, and answers %v", err)
	}
	close(goes)
	if err := <-joined; lastcall.CodeOf(err) != lastcall.CodeStoreUnavailable {
		t.Errorf("the disk was gone, and the write came to %v", err)
	}
	if err := s.Answers(t.Context()); err != nil {
		t.Errorf("it failed, and lives: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Answers(t.Context()); err != nil {
		t.Errorf("it was closed: %v", err)
	}
}
