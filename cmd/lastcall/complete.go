package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

// completeTime is how long a shell is kept waiting for names.
const completeTime = time.Second

// completer offers names that a server knows.
type completer = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective)

// completeNames asks the server at --server or LASTCALL_SERVER. Where none answers there is nothing to offer.
func completeNames(r *remote, names func(ctx context.Context, s *session) ([]string, error)) completer {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		none := cobra.ShellCompDirectiveNoFileComp
		s, err := r.open(cmd, args)
		if err != nil {
			return nil, none
		}
		defer s.api.Close()
		ctx, cancel := context.WithTimeout(cmd.Context(), completeTime)
		defer cancel()
		found, err := names(ctx, s)
		if err != nil {
			return nil, none
		}
		slices.Sort(found)
		return slices.Compact(found), none
	}
}

// typeNames are the types that nodes run.
func typeNames(ctx context.Context, s *session) (names []string, err error) {
	nodes, err := s.api.Nodes(ctx)
	for _, n := range nodes {
		names = append(names, n.Types...)
	}
	return names, err
}

// queueNames are the queues that hold something.
func queueNames(ctx context.Context, s *session) (names []string, err error) {
	queues, err := s.api.Queues(ctx)
	for _, q := range queues.Queues {
		names = append(names, q.Name)
	}
	return names, err
}

// completeFlags offers types and queues where the command takes them.
func completeFlags(cmd *cobra.Command, r *remote) {
	for flag, names := range map[string]func(context.Context, *session) ([]string, error){"type": typeNames, "queue": queueNames} {
		if cmd.Flags().Lookup(flag) != nil {
			_ = cmd.RegisterFlagCompletionFunc(flag, completeNames(r, names)) // fails for a flag that is not there
		}
	}
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	if cmd.Name() != "submit" {
		return
	}
	types := completeNames(r, typeNames)
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveDefault // @FILE
		}
		return types(cmd, args, typed)
	}
}
