package watch_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/watch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A watcher that does not keep up holds nobody up, and is told once that it is behind.
func TestAWatcherThatDoesNotKeepUpHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ws watch.Watchers
		goOn, enough := make(chan struct{}), errors.New("enough")
		var got [][]lastcall.Hint
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() { // ends with cancel
			done <- ws.Watch(ctx, func(hints []lastcall.Hint) {
				if got = append(got, hints); len(got) == 1 {
					<-goOn
				}
			})
		}()
		synctest.Wait()
		if !ws.Any() {
			t.Fatal("nobody watches")
		}
		ws.Publish([]lastcall.Hint{{Type: "first"}})
		synctest.Wait()
		for range watch.Buffer + 1 {
			ws.Publish([]lastcall.Hint{{Type: "more"}})
		}
		close(goOn)
		synctest.Wait()
		ws.Publish([]lastcall.Hint{{Type: "after"}})
		synctest.Wait()
		if len(got) != 3 || len(got[1]) != 1 || got[1][0] != (lastcall.Hint{}) || got[2][0].Type != "after" {
			t.Errorf("told %d times, the last %+v", len(got), got[len(got)-1])
		}
		cancel(enough)
		if err := <-done; !errors.Is(err, enough) || ws.Any() {
			t.Errorf("the watch ended with %v", err)
		}
	})
}

// A store that uses its slice again does not change what others have been told.
func TestHintsAreTheWatchersOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ws watch.Watchers
		var got []lastcall.Hint
		done := make(chan error, 1)
		go func() { // ends with Close
			done <- ws.Watch(t.Context(), func(hints []lastcall.Hint) { got = append(got, hints...) })
		}()
		synctest.Wait()
		hints := []lastcall.Hint{{Type: "first"}}
		ws.Publish(hints)
		hints[0].Type = "second"
		ws.Publish(hints)
		synctest.Wait()
		if len(got) != 2 || got[0].Type != "first" || got[1].Type != "second" {
			t.Errorf("told %+v", got)
		}
		ws.Close()
		<-done
	})
}

func TestCloseEndsEveryWatchAndThoseToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ws watch.Watchers
		done := make(chan error, 1)
		go func() { done <- ws.Watch(t.Context(), func([]lastcall.Hint) {}) }() // ends with Close
		synctest.Wait()
		ws.Close()
		for _, err := range []error{<-done, ws.Watch(t.Context(), nil)} {
			if lastcall.CodeOf(err) != lastcall.CodeStoreUnavailable {
				t.Errorf("a watch of a closed store ended with %v", err)
			}
		}
	})
}
