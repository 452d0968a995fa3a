// Command lastcall is the task server and the tools around it.
//
// What its exit codes mean stands in exitcodes.go, and is said by "lastcall help exit-codes".
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/postgres"
	"github.com/lastcall-dev/lastcall/server"
)

// version is set by the build: -ldflags "-X main.version=v1.2.3".
var version = "dev"

func main() {
	err := root().Execute()
	if err == nil {
		return
	}
	if exit, ok := errors.AsType[exitError](err); ok {
		os.Exit(int(exit))
	}
	fmt.Fprintln(os.Stderr, "lastcall:", err)
	switch {
	case mistaken(err):
		os.Exit(2)
	case lastcall.CodeOf(err) == lastcall.CodeStoreUnavailable:
		os.Exit(exitUnavailable)
	}
	os.Exit(exitFailed)
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lastcall",
		Short: "A task server that can be deployed at any moment",
		Long: "lastcall takes tasks over REST, runs them from a durable queue and tells each client over a WebSocket.\n" +
			"Told to stop, it finishes or hands back everything it accepted before it ends.",
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		// How many letters a misspelt command may be off for the right one to be suggested.
		SuggestionsMinimumDistance: 2,
		Args:                       noArguments,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	cmd.AddCommand(
		serveCommand(), demoCommand(),
		submitCommand(), watchCommand(), tasksCommand(), cancelCommand(), retryCommand(),
		statusCommand(), drainCommand(),
		doctorCommand(), migrateCommand(), backupCommand(), newEpochCommand(),
		manCommand(), exitCodesTopic(),
	)
	refineCompletion(cmd)
	return cmd
}

// mistaken reports whether the command line or a setting is to blame.
func mistaken(err error) bool {
	_, usage := errors.AsType[usageError](err)
	_, setting := errors.AsType[*server.SettingError](err)
	_, address := errors.AsType[*postgres.AddressError](err) // of which the server knew more than we
	return usage || setting || address
}

// noArguments refuses arguments, as a usage error.
func noArguments(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case cmd.HasParent():
		return usageError{fmt.Errorf("%s takes no arguments, and got %q", cmd.Name(), args[0])}
	}
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return usageError{fmt.Errorf("unknown command %q; did you mean %s?", args[0], strings.Join(near, " or "))}
	}
	return usageError{fmt.Errorf("unknown command %q; try lastcall --help", args[0])}
}

// usageError is a mistake on the command line or in the environment.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// exitError ends the process with a code of its own; what there was to say has been said.
type exitError int

func (c exitError) Error() string { return fmt.Sprintf("exit %d", int(c)) }
