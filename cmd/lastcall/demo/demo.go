// Package demo shows what a drain does, with real processes and real signals, to whoever runs "lastcall demo".
//
// It plays the two demonstrations of the article that lastcall began with. In the first a process is alone: clients wait
// on WebSockets, tasks are queued, the process is told to stop, and does not before every task is done and every answer
// is delivered (alone.go). In the second a new process serves beside the old one, on the same file and behind a forwarder
// that follows readiness: whoever comes is let in by the new one, whoever waits stays with the old one until it has its
// answer, and of the requests that go on all the time none is refused (takeover.go).
//
// What is printed is what was observed from outside: by HTTP, on the sockets, and from the exit of the processes.
package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Run plays both demonstrations on w. It fails when anything was not as promised.
func Run(ctx context.Context, w io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "lastcall-demo-")
	if err != nil {
		return fmt.Errorf("make a folder for the data: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a folder of temporary files that cannot be removed harms nobody
	n := newNarrator(w)
	for _, act := range []struct {
		name string
		play func(ctx context.Context, n *narrator, dir string) error
	}{{"alone", playAlone}, {"takeover", playTakeover}} {
		data := filepath.Join(dir, act.name)
		if err := os.Mkdir(data, 0o700); err != nil {
			return fmt.Errorf("make a folder for the data: %w", err)
		}
		if err := act.play(ctx, n, data); err != nil {
			return fmt.Errorf("the demonstration did not go as it should: %w", err)
		}
	}
	return nil
}
