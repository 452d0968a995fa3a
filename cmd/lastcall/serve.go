package main

import (
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/config"
	"github.com/lastcall-dev/lastcall/handler"
	"github.com/lastcall-dev/lastcall/server"
	"github.com/lastcall-dev/lastcall/systemd"
)

func serveCommand() *cobra.Command {
	var show bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a node until it is told to stop",
		Long: "serve runs a node until SIGTERM, SIGINT or POST /v1/drain, drains it, and exits.\n\n" +
			"Every flag can be given as a variable, and in the file that --config names: --drain-mode is\n" +
			"LASTCALL_DRAIN_MODE, and mode below drain. A flag wins over a variable, a variable over the file.\n" +
			"The file also names the types of tasks to run. Without it there are two: echo, whose output is its input,\n" +
			`and sleep, whose input {"ms":2000,"steps":10} says how long, with progress.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(cmd.Flags(), os.Getenv)
			if err != nil {
				return usageError{err}
			}
			warnOfVariables(newLogger(cmd.ErrOrStderr(), c.Log))
			if show {
				return c.Print(cmd.OutOrStdout())
			}
			return serve(cmd, c)
		},
	}
	config.AddFlags(cmd.Flags())
	cmd.Flags().BoolVar(&show, "print-config", false, "say which settings are in force and where each is from, and end")
	return cmd
}

func serve(cmd *cobra.Command, c *config.Config) (err error) {
	log := newLogger(cmd.ErrOrStderr(), c.Log)
	c.Logger, c.Version = log, version
	if c.Systemd, err = systemd.Inherit(); err != nil {
		return usageError{err}
	}
	// From here on a signal ends the process in order, also one that comes before there is anything to drain.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	c.Signals = signals
	defer openProfiles(cmd.Context(), c.DebugListen, log).close() // last, so that a drain that hangs can be looked at
	srv, err := server.New(c.Options)
	if errors.Is(err, server.ErrStopped) {
		log.Info("told to stop while it waited for the store: nothing was begun")
		return nil
	}
	if err != nil {
		return err
	}
	warn(log, c)
	for _, t := range types(c) {
		srv.Register(t)
	}
	welcome(cmd.OutOrStdout(), srv, c.Store, trial(c))
	if err := srv.Run(cmd.Context()); err != nil {
		log.Error("serve", "error", err)
	}
	if code := srv.ExitCode(); code != 0 {
		return exitError(code)
	}
	return nil
}

// types are those of the file, or, if it names none because nobody said anything of tasks, some to try.
func types(c *config.Config) []lastcall.TaskType {
	if c.Named {
		return c.Types
	}
	return []lastcall.TaskType{handler.Echo(), handler.Sleep()}
}

// warnOfVariables names those that look like settings and are none.
func warnOfVariables(log *slog.Logger) {
	ofClients := []string{"LASTCALL_SERVER", "LASTCALL_CLIENT"} // of the commands that talk to a node
	for _, name := range config.UnknownVariables(os.Environ(), ofClients...) {
		hint := []any{"name", name}
		if meant := config.Meant(name); meant != "" {
			hint = append(hint, "did_you_mean", meant)
		}
		log.Warn("this variable sets nothing", hint...)
	}
}

// warn says what is no mistake and still hardly meant.
func warn(log *slog.Logger, c *config.Config) {
	if c.Named && len(c.Types) == 0 {
		log.Warn("the configuration names no task type: this node runs nothing")
	}
}
