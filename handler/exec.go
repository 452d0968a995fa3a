package handler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/handler/internal/spawn"
)

// Exec runs a task as a command: the input as JSON on its standard input, the output as JSON on its standard output,
// where nothing stands for null. What it writes to standard error is the run's log. File descriptor 3 takes lines of
// JSON, {"progress":{"percent":42,"message":"page 3 of 7"}} and {"checkpoint":ANY}: a line that is neither is noted in
// the log and does no harm.
//
// In its environment are LASTCALL_TASK_ID, LASTCALL_RUN, LASTCALL_ATTEMPT and LASTCALL_FENCE, and, where an earlier run
// left a checkpoint, LASTCALL_CHECKPOINT_FILE, a file that holds it and is gone after the run. LASTCALL_DRAINING=true is
// there if the run began after the early word, which then is not sent: a command could not hear it yet. Of the node's
// environment it has all but the settings of lastcall itself.
//
// Exit code 0 is a success, 75 (EX_TEMPFAIL) hands the task back at no cost, 65 (EX_DATAERR) fails it for good, anything
// else is a failed attempt whose message is the end of what the command wrote to standard error. A command that does not
// exit with 0 may say better what went wrong, by {"error":{"code":…,"message":…,"detail":…}} on its standard output.
// One that ends by a SIGTERM that is not the node's, or with any other code after one, is handed back at no cost (G4).
//
// When the context ends the command's process group gets SIGTERM, and StopTimeout after that, less a little so that the
// handler still returns in time, everything that the command has started gets SIGKILL. So it does when the command has
// ended and when the node is gone: nothing outlives the run, see the package spawn for how.
type Exec struct {
	Command     []string      // with its arguments; without a slash in its name it is looked up in PATH, else from Dir on
	Dir         string        // where it runs; where the node does
	Env         []string      // NAME=value, on top of the node's
	Notify      bool          // SIGUSR1 to the command as the early word of a drain (Run.Draining); if it dies of it, it is handed back
	StopTimeout time.Duration // between SIGTERM and SIGKILL; 5 s, as of a TaskType, which must be given the same
	MaxOutput   int           // bytes of standard output; 1 MiB
}

const defaultStopTimeout = 5 * time.Second

// Handler checks that the command is there and can be run.
func (e Exec) Handler() (lastcall.Handler, error) {
	if err := spawn.Supported(); err != nil {
		return nil, fmt.Errorf("exec: %w", err)
	}
	if e.StopTimeout < 0 || e.MaxOutput < 0 {
		return nil, errors.New("exec: a stop timeout and a limit of the output must not be negative")
	}
	if err := checkEnv(e.Env); err != nil {
		return nil, fmt.Errorf("exec: %w", err)
	}
	path, err := find(e.Command, e.Dir)
	if err != nil {
		return nil, fmt.Errorf("exec: %w", err)
	}
	h := &execHandler{Exec: e, path: path}
	if h.StopTimeout == 0 {
		h.StopTimeout = defaultStopTimeout
	}
	if h.MaxOutput == 0 {
		h.MaxOutput = lastcall.DefaultLimits().Output
	}
	return h, nil
}

// execHandler is an Exec with its defaults filled in, and its command found.
type execHandler struct {
	Exec

	path string // absolute
}

// patience is how long after SIGTERM everything is killed: earlier than the handler is given up, by what it takes to
// bury the dead and to settle.
func (h *execHandler) patience() time.Duration {
	return h.StopTimeout - min(h.StopTimeout/5, 500*time.Millisecond)
}

// Handle runs the command and returns when nothing is left of it.
func (h *execHandler) Handle(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
	run := lastcall.RunFrom(ctx)
	kept, err := keepForCommand(run.LastCheckpoint())
	if err != nil {
		return nil, notBegun(fmt.Errorf("keep the checkpoint for the command: %w", err))
	}
	if kept != "" {
		defer os.Remove(kept) //nolint:errcheck // the supervisor does it too, and may be all that is left
	}
	late := isClosed(run.Draining())
	tree, err := spawn.Start(spawn.Command{
		Path: h.path, Args: h.Command, Dir: h.Dir, Env: h.environment(run, kept, late), Remove: kept,
	})
	if err != nil {
		return nil, notBegun(err)
	}
	c := &child{tree: tree, run: run, late: late, out: output{most: h.MaxOutput}}
	return c.end(c.see(ctx, input, h))
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// keepForCommand puts a checkpoint where a command can read it, and nobody else. No checkpoint, no file.
func keepForCommand(checkpoint []byte) (path string, err error) {
	if checkpoint == nil {
		return "", nil
	}
	f, err := os.CreateTemp("", "lastcall-checkpoint-") // with mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(checkpoint)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}
