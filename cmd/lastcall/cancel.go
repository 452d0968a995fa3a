package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall"
)

func cancelCommand() *cobra.Command {
	return eachTask(&cobra.Command{
		Use:   "cancel ID...",
		Short: "Cancel tasks",
		Long: `cancel asks for the end of tasks: one that waits is canceled at once, one that runs is asked to stop and may still
succeed, one that is finished stays as it is.`,
	}, func(ctx context.Context, s *session, id string) (lastcall.Task, error) { return s.api.Cancel(ctx, id) },
		func(t *lastcall.Task) string { return t.ID + " " + string(t.Status) })
}

// eachTask is a command that does one thing to each of some tasks, and writes a line of text for each of what came out.
func eachTask(
	cmd *cobra.Command, do func(ctx context.Context, s *session, id string) (lastcall.Task, error), text func(*lastcall.Task) string,
) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usageError{fmt.Errorf("%s takes the id of a task", cmd.Name())}
		}
		return nil
	}
	return remoteCommand(cmd, func(ctx context.Context, s *session) error {
		var failed error
		for _, id := range s.args {
			t, err := s.one(ctx, id, do)
			if err != nil && ctx.Err() == nil && lastcall.CodeOf(err) != lastcall.CodeInternal { // the next may fare better
				failed = s.explain(ctx, fmt.Errorf("%s: %w", id, err))
				continue
			}
			if err != nil {
				return err
			}
			if s.json {
				err = s.out.line(newTaskLine(t))
			} else {
				fmt.Fprintln(s.out, text(&t))
			}
			if err != nil {
				return err
			}
		}
		return failed
	})
}

func (s *session) one(
	ctx context.Context, id string, do func(ctx context.Context, s *session, id string) (lastcall.Task, error),
) (lastcall.Task, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	return do(ctx, s, id)
}
