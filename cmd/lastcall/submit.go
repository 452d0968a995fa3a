package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lastcall-dev/lastcall"
)

// submitFlags are what a task may be submitted with.
type submitFlags struct {
	task   lastcall.Submission
	runAt  string
	labels []string
	key    string
	batch  string
	wait   time.Duration
}

func submitCommand() *cobra.Command {
	f := &submitFlags{}
	cmd := &cobra.Command{
		Use:   "submit TYPE [INPUT | @FILE | -]",
		Short: "Submit a task, and wait for it if asked to",
		Long: `submit submits a task and writes its id, as soon as the task is on stable storage. INPUT is JSON; @FILE takes it
from a file, - from standard input.

With --wait it stays until the task is done: on a terminal it draws how far the task is and then writes its output;
elsewhere, and with --json, it writes the task as a line of JSON each time that it has changed, last when it is done.
The exit code says how it ended (lastcall help exit-codes). Ctrl-C leaves the task alone, and says how to come back;
so does a server that is not there for longer than --timeout.

A submit whose answer is lost is repeated, and there is one task all the same. To be sure of that across runs of the
command too, give it a key: within 24 hours --idempotency-key answers with the first task.

--batch takes a file with a task in each line, as JSON with the names of the API: {"type":"echo","input":1}. Every
thousand lines are accepted together or not at all.`,
		Example: `  lastcall submit sleep '{"ms":5000,"steps":50}' --wait
  lastcall submit report @report.json --queue slow --label tenant=acme --delay 10m
  generate | lastcall submit --batch - --wait --json`,
		Args: cobra.ArbitraryArgs,
	}
	f.add(cmd.Flags())
	return remoteCommand(cmd, func(ctx context.Context, s *session) error {
		if s.cmd.Flags().Changed("batch") {
			return f.submitBatch(ctx, s)
		}
		return f.submitOne(ctx, s)
	})
}

func (f *submitFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.task.Queue, "queue", "", "`name` of the queue (default the type's)")
	flags.IntVar(&f.task.Priority, "priority", 0, "`-100..100`; each point is worth a minute of waiting")
	flags.DurationVar(&f.task.Delay, "delay", 0, "do not start it before this `time` has passed")
	flags.StringVar(&f.runAt, "run-at", "", "do not start it before this `moment`, as in 2026-01-02T03:04:05Z")
	flags.DurationVar(&f.task.ExpiresIn, "expires-in", 0, "give it up if it has waited for this `time` (default never)")
	flags.IntVar(&f.task.MaxAttempts, "max-attempts", 0, "how often it is tried (default the type's)")
	flags.DurationVar(&f.task.Timeout, "task-timeout", 0, "how long an attempt may take (default the type's)")
	flags.StringArrayVar(&f.labels, "label", nil, "`key=value` to find it by; may be repeated")
	flags.StringVar(&f.key, "idempotency-key", "", "`key` under which this is one task, however often it is submitted")
	flags.StringVar(&f.batch, "batch", "", "`file` with a task in each line, - for standard input")
	flags.DurationVar(&f.wait, "wait", 0, "wait until it is done, at most this `time` if one is given")
	flags.Lookup("wait").NoOptDefVal = "0s"
}

func (f *submitFlags) submitOne(ctx context.Context, s *session) error {
	task, err := f.submission(s)
	if err != nil {
		return usageError{err}
	}
	call, cancel := s.bounded(ctx)
	defer cancel()
	done, err := s.api.Submit(call, task)
	if err != nil {
		return err
	}
	if done.Replayed {
		s.notef("The key was used before; this is the task that was submitted first.")
	}
	switch {
	case s.cmd.Flags().Changed("wait"):
		return s.attend(ctx, done.Task, f.wait)
	case s.json:
		return s.out.line(newTaskLine(done.Task))
	}
	fmt.Fprintln(s.out, done.Task.ID)
	return nil
}

// submission reads the command line. What a value may be is for the server to say; what is no value at all is said here.
func (f *submitFlags) submission(s *session) (lastcall.Submission, error) {
	task := f.task
	if len(s.args) < 1 || len(s.args) > 2 {
		return task, errors.New("submit takes a type and perhaps an input, or --batch")
	}
	if f.wait < 0 {
		return task, fmt.Errorf("wait must not be negative, and is %s", f.wait)
	}
	task.Type = s.args[0]
	var err error
	if task.Labels, err = readLabels(f.labels); err != nil {
		return task, err
	}
	if f.runAt != "" {
		if task.RunAt, err = time.Parse(time.RFC3339, f.runAt); err != nil {
			return task, fmt.Errorf("run-at %q is no time such as 2026-01-02T03:04:05Z", f.runAt)
		}
	}
	if f.key != "" {
		task.Idempotency = &lastcall.IdempotencyKey{Key: f.key}
	}
	if len(s.args) == 2 {
		task.Input, err = readInput(s.args[1], s.cmd.InOrStdin())
	}
	return task, err
}

// readInput takes an input from where the command line says.
func readInput(arg string, stdin io.Reader) (text json.RawMessage, err error) {
	switch file, ok := strings.CutPrefix(arg, "@"); {
	case ok:
		text, err = os.ReadFile(file)
	case arg == "-":
		text, err = io.ReadAll(stdin)
	default:
		text = json.RawMessage(arg)
	}
	if err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	if !json.Valid(text) {
		return nil, fmt.Errorf(`the input is not JSON: %.40q; a text stands in quotes of its own: '"text"'`, text)
	}
	return text, nil
}

// readLabels reads key=value pairs.
func readLabels(pairs []string) (map[string]string, error) {
	labels := map[string]string{}
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("label %q is not key=value", pair)
		}
		labels[key] = value
	}
	return labels, nil
}
