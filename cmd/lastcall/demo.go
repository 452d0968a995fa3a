package main

import (
	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall/cmd/lastcall/demo"
)

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show a drain with real processes and real signals, in under a minute",
		Long: "demo plays two demonstrations, with nodes of its own. In the first a node that is alone gets work for two\n" +
			"clients and SIGTERM, and ends once all of it is done and every answer is delivered. In the second a new node\n" +
			"takes over from an old one, on the same file and behind a forwarder, while requests go on all the time: none\n" +
			"is refused, and every client gets its answers. Each ends with a table; demo exits with 1 if one is not as it\n" +
			"should be.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo.Run(cmd.Context(), cmd.OutOrStdout())
		},
	}
}
