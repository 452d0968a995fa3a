package main

import (
	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall/cmd/lastcall/demo"
)

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show a drain with real processes and real signals, in under a minute",
		Long: "demo starts a node of its own, gives it work for two clients, sends it SIGTERM, and shows that nothing\n" +
			"that was accepted is lost. It ends with a table, and exits with 1 if the table is not as it should be.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo.Run(cmd.Context(), cmd.OutOrStdout())
		},
	}
}
