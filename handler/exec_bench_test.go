package handler_test

import (
	"os/exec"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/handler"
)

// What a run of a command costs beside the command itself: the smallest there is.
func BenchmarkExecTrue(b *testing.B) {
	h, err := handler.Exec{Command: []string{"true"}}.Handler()
	if err != nil {
		b.Fatal(err)
	}
	r := &liveRun{task: lastcall.Task{ID: "bench", Run: 1, Attempt: 1}}
	for b.Loop() {
		if _, err := h.Handle(lastcall.WithRun(b.Context(), r), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// The same command without any of it, for comparison.
func BenchmarkBareTrue(b *testing.B) {
	for b.Loop() {
		if err := exec.CommandContext(b.Context(), "true").Run(); err != nil {
			b.Fatal(err)
		}
	}
}
