package sqlite

import (
	"context"
	"fmt"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/watch"
)

// A watcher that does not keep up holds nobody up, loses no news of its being behind, and costs bounded memory.
func TestASlowWatcherHoldsNobodyUpAndIsToldThatItIsBehind(t *testing.T) {
	s := testStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	entered, goOn := make(chan struct{}), make(chan struct{})
	got := make(chan []lastcall.Hint, 100)
	done := make(chan error, 1)
	go func() { // ends with cancel
		first := true
		done <- s.Watch(ctx, func(hints []lastcall.Hint) {
			if first {
				first = false
				close(entered)
				<-goOn
				return
			}
			got <- hints
		})
	}()
	eventually(t, "it watches", s.writer.watchers.Any)
	submitOne(t, s, oneOf("a"))
	<-entered
	fill(t, s, "a", 2*watch.Buffer)
	close(goOn)
	if hints := <-got; len(hints) != 1 || hints[0] != (lastcall.Hint{}) {
		t.Fatalf("told %d hints, the first %+v", len(hints), hints[0])
	}
	submitOne(t, s, oneOf("after"))
	if hints := <-got; len(hints) != 1 || hints[0].Type != "after" {
		t.Fatalf("told %+v", hints)
	}
	cancel()
	<-done
}

// Nobody's watching costs nothing.
func TestHintsAreNotMadeForNobody(t *testing.T) {
	s := testStore(t)
	err := s.write(t.Context(), "test", 0, func(tx *tx) error {
		if _, err := tx.insert(&lastcall.Submission{Type: "a"}); err != nil {
			return err
		}
		if len(tx.hints) != 0 {
			return fmt.Errorf("made %v", tx.hints)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
