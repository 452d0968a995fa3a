package worker

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// A call that the worker itself gave up at its end is no outage.
func TestACallThatWasGivenUpIsNoOutage(t *testing.T) {
	w := &Worker{log: slog.New(slog.DiscardHandler)}
	w.saw(fmt.Errorf("sweep: %w", context.Canceled))
	if w.tempo.failed {
		t.Error("the store was blamed for it")
	}
	w.saw(lastcall.Errorf(lastcall.CodeStoreUnavailable, "away"))
	if !w.tempo.failed {
		t.Error("an outage was not seen")
	}
}
