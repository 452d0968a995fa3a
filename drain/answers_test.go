package drain

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A service that hangs does not make the drain's own goroutine one that hangs; and being asked again and again does not
// put off the moment at which the drain goes on without that service.
func TestADrainAnswersWhateverItsServiceDoes(t *testing.T) {
	inBubble(t, Plan{}, func(r *rig) {
		answers := func() {
			t.Helper()
			ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Millisecond)
			defer cancel()
			if err := r.Answers(ctx); err != nil {
				t.Errorf("after %v: %v", time.Since(r.begin), err)
			}
		}
		answers()
		r.service.set(func(f *fake) { f.onLook = f.hangs })
		r.terminate()
		for at := time.Duration(0); at < 22*time.Second; at += blindAfter / 4 {
			r.at(at)
			answers()
		}
		r.at(22 * time.Second)
		r.is(HandBack)
		r.at(29 * time.Second)
		r.is(Closed)
	})
}

// Nobody answers for a drain that is not run.
func TestADrainThatIsOverDoesNotAnswer(t *testing.T) {
	inBubble(t, Plan{}, func(r *rig) {
		r.terminate()
		r.is(Closed)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		if err := r.Answers(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it answers %v", err)
		}
	})
}
