package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/handler"
)

// patience is how long a test waits for what must happen. Only a broken program reaches it.
const patience = 30 * time.Second

// liveRun is a run for handlers that work beside the test: it may be asked while they do.
type liveRun struct {
	task     lastcall.Task
	draining chan struct{}
	refuses  error // what Checkpoint answers

	mu          sync.Mutex
	log         bytes.Buffer
	progress    []lastcall.Progress
	checkpoints []string
}

func newRun(t *testing.T) *liveRun {
	t.Helper()
	return &liveRun{
		task: lastcall.Task{
			// Looked for in /proc, where another run of these tests must not be found.
			ID: fmt.Sprintf("task-%d-%s", os.Getpid(), strings.ToLower(t.Name())), Type: "thing", Queue: "default", Client: "alice",
			Status: lastcall.Running, Input: json.RawMessage(`{"n":1}`), Run: 7, Attempt: 2, MaxAttempts: 5,
		},
		draining: make(chan struct{}),
	}
}

func (r *liveRun) Task() lastcall.Task       { return r.task }
func (r *liveRun) Attempt() int              { return r.task.Attempt }
func (r *liveRun) Fence() int64              { return r.task.Run }
func (r *liveRun) LastCheckpoint() []byte    { return r.task.Checkpoint }
func (r *liveRun) Draining() <-chan struct{} { return r.draining }
func (r *liveRun) Log() io.Writer            { return r }

func (r *liveRun) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(p)
}

func (r *liveRun) Progress(percent float64, message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.progress = append(r.progress, lastcall.Progress{Percent: percent, Message: message})
}

func (r *liveRun) Checkpoint(data []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checkpoints = append(r.checkpoints, string(data))
	return r.refuses
}

// wrote is what the run has written to its log.
func (r *liveRun) wrote() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.String()
}

// outcome runs a handler on the run to its end, and is what a worker would make of it.
func (r *liveRun) outcome(ctx context.Context, h lastcall.Handler) lastcall.Outcome {
	out, err := h.Handle(lastcall.WithRun(ctx, r), r.task.Input)
	return lastcall.OutcomeOf(&r.task, out, err, context.Cause(ctx), lastcall.Backoff{}, 0)
}

// shell is an exec handler of a script, with bash's meaning, and a second to stop in.
func shell(t *testing.T, script string, more ...func(*handler.Exec)) lastcall.Handler {
	t.Helper()
	e := handler.Exec{Command: []string{"bash", "-c", script}, Dir: t.TempDir(), StopTimeout: time.Second}
	for _, change := range more {
		change(&e)
	}
	h, err := e.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// until asks until something is true.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !is(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("never came true: %s", what)
		}
	}
}

// alive are the processes that have the run's task in their environment: its supervisor, its command, and whatever that
// has started.
func (r *liveRun) alive() []string {
	var found []string
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		env, _ := os.ReadFile(filepath.Join(dir, "environ"))
		if !bytes.Contains(env, []byte("LASTCALL_TASK_ID="+r.task.ID+"\x00")) {
			continue
		}
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		found = append(found, dir+": "+strings.ReplaceAll(string(line), "\x00", " "))
	}
	return found
}

// nobodyLeft fails the test if anything of the run still lives. It is asked once: a handler that has returned has seen
// to it.
func (r *liveRun) nobodyLeft(t *testing.T) {
	t.Helper()
	if left := r.alive(); len(left) > 0 {
		t.Errorf("still alive: %s", strings.Join(left, "\n"))
	}
}
