package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
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

// refineCompletion has "completion" refuse what is none of its shells. The library, whose command it is, would show its
// help and call that a success, and what was to be a script is then somebody's help.
func refineCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	cmd, _, err := root.Find([]string{"completion"})
	if err != nil {
		return // it is not offered
	}
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var shells []string
		for _, shell := range cmd.Commands() {
			shells = append(shells, shell.Name())
		}
		known := strings.Join(shells, ", ")
		if len(args) == 0 {
			return usageError{fmt.Errorf("completion takes the name of a shell: %s", known)}
		}
		return usageError{fmt.Errorf("completion knows no shell %q, but %s", args[0], known)}
	}
	for _, shell := range cmd.Commands() {
		shell.Args = noArguments
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
