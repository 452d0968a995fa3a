package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall"
)

func retryCommand() *cobra.Command {
	return eachTask(&cobra.Command{
		Use:   "retry ID...",
		Short: "Try finished tasks once more",
		Long: `retry makes a new task out of each that failed, was canceled or has expired, with the same input, and writes the id
of the new one. The old one stays as it is.`,
	}, func(ctx context.Context, s *session, id string) (lastcall.Task, error) { return s.api.Retry(ctx, id) },
		func(t *lastcall.Task) string { return t.ID }) // and no more, as submit does: scripts read it
}
