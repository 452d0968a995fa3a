package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// stubborn is the handlers. In its first run a task meets the end that its type is named after; in a later one it is done
// at once.
type stubborn struct{ log *slog.Logger }

// Ask is what the handlers take; most of them need nothing.
type Ask struct {
	RetryMS int `json:"retry_ms"`
}

// Ending is how a task came to its end.
type Ending struct {
	How        string `json:"how"`
	Run        int64  `json:"run"`
	Attempt    int    `json:"attempt"`
	Checkpoint string `json:"checkpoint"` // what an earlier run had left
}

func ending(r lastcall.Run, how string) Ending {
	return Ending{How: how, Run: r.Fence(), Attempt: r.Attempt(), Checkpoint: string(r.LastCheckpoint())}
}

// listens returns as soon as it is told to.
func (s *stubborn) listens(ctx context.Context, _ Ask) (Ending, error) {
	r := lastcall.RunFrom(ctx)
	if r.Fence() > 1 {
		return ending(r, "in a later run"), nil
	}
	<-ctx.Done()
	return Ending{}, context.Cause(ctx)
}

// checkpoints writes down where it is before it returns.
func (s *stubborn) checkpoints(ctx context.Context, _ Ask) (Ending, error) {
	r := lastcall.RunFrom(ctx)
	if r.LastCheckpoint() != nil {
		return ending(r, "from its checkpoint"), nil
	}
	<-ctx.Done()
	if err := r.Checkpoint([]byte("half of it is done")); err != nil {
		return Ending{}, err
	}
	return Ending{}, context.Cause(ctx)
}

// hurries does all that it would like to do unless there is the early word: then it comes to a good end at once.
func (s *stubborn) hurries(ctx context.Context, _ Ask) (Ending, error) {
	r := lastcall.RunFrom(ctx)
	select {
	case <-r.Draining():
		return ending(r, "at the early word"), nil
	case <-ctx.Done():
		return Ending{}, context.Cause(ctx)
	}
}

// ignores goes on whatever it is told, and claims a success as soon as its run is over.
func (s *stubborn) ignores(ctx context.Context, _ Ask) (Ending, error) {
	r := lastcall.RunFrom(ctx)
	if r.Fence() > 1 {
		return ending(r, "in a later run"), nil
	}
	work := time.NewTicker(20 * time.Millisecond)
	defer work.Stop()
	for range work.C {
		if err := r.Checkpoint([]byte("moving its hands")); lastcall.CodeOf(err) == lastcall.CodeLeaseLost {
			break
		}
	}
	s.log.Info("claims a success too late", "task", r.Task().ID)
	return ending(r, "too late"), nil
}

// deaf never returns.
func (s *stubborn) deaf(ctx context.Context, _ Ask) (Ending, error) {
	r := lastcall.RunFrom(ctx)
	if r.Fence() > 1 {
		return ending(r, "in a later run"), nil
	}
	select {}
}

// flaky fails in its first attempt, and asks to be tried again after a while.
func (s *stubborn) flaky(ctx context.Context, in Ask) (Ending, error) {
	r := lastcall.RunFrom(ctx)
	if r.Attempt() == 1 {
		return Ending{}, lastcall.RetryAfter(errors.New("not today"), time.Duration(in.RetryMS)*time.Millisecond)
	}
	return ending(r, "in a later attempt"), nil
}
