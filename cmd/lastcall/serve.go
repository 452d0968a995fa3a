package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/handler"
	"github.com/lastcall-dev/lastcall/server"
)

// serveSettings are what flags and LASTCALL_* variables set.
type serveSettings struct {
	server.Options
	mode, backlog       string
	logFormat, logLevel string
}

func serveCommand() *cobra.Command {
	var s serveSettings
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a node until it is told to stop",
		Long: "serve runs a node until SIGTERM, SIGINT or POST /v1/drain, drains it, and exits.\n\n" +
			"Every flag can be given as a variable too: --drain-mode is LASTCALL_DRAIN_MODE. A flag wins.\n" +
			"Without a configuration it runs two types of tasks: echo, whose output is its input, and\n" +
			`sleep, whose input {"ms":2000,"steps":10} says how long, with progress.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := fromEnvironment(cmd.Flags()); err != nil {
				return usageError{err}
			}
			return s.serve(cmd)
		},
	}
	s.flags(cmd.Flags())
	return cmd
}

func (s *serveSettings) flags(f *pflag.FlagSet) {
	f.StringVar(&s.Listen, "listen", "127.0.0.1:8080", "`HOST:PORT` to listen at; port 0 takes a free one")
	f.StringVar(&s.Store, "store", "sqlite:lastcall.db", "where the data is, `sqlite:PATH`")
	f.StringVar(&s.Node, "node", "", "`name` of this node (default the host's)")
	f.DurationVar(&s.Grace, "grace", 30*time.Second, "`time` the platform gives between SIGTERM and SIGKILL")
	f.IntVar(&s.Concurrency, "concurrency", 64, "runs at a time, `1..10000`")
	f.StringVar(&s.Auth, "auth", "", "`off` allows listening beyond loopback although anyone may then do anything")
	f.StringVar(&s.mode, "drain-mode", string(drain.ModeHandover), "what a drain does with a peer: `handover|refuse`")
	f.StringVar(&s.backlog, "drain-backlog", string(drain.BacklogAuto), "due work that has not begun: `auto|finish|leave`")
	f.DurationVar(&s.Drain.HandBack, "drain-hand-back", 0, "how long before the deadline running work is stopped (default stop-timeout + 2s)")
	f.DurationVar(&s.Drain.StopTimeout, "stop-timeout", 5*time.Second, "`time` a handler has to return once it is stopped")
	f.IntVar(&s.MaxCrashes, "max-crashes", 3, "crashes after which a task has `failed`")
	f.DurationVar(&s.KeepTasks, "retention-tasks", 168*time.Hour, "how long finished tasks are kept")
	f.DurationVar(&s.KeepEvents, "retention-events", 168*time.Hour, "how long events are kept")
	f.StringVar(&s.Report, "termination-file", drain.TerminationFile, "`file` the drain's report is written to, if it exists")
	f.StringVar(&s.logFormat, "log-format", "auto", "`auto|text|json`; auto is text on a terminal")
	f.StringVar(&s.logLevel, "log-level", "info", "`debug|info|warn|error`")
}

// check refuses a zero that was given in so many words: to the server it would stand for the default.
func (s *serveSettings) check(flags *pflag.FlagSet) error {
	for _, name := range []string{
		"grace", "concurrency", "max-crashes", "drain-hand-back", "stop-timeout", "retention-tasks", "retention-events",
	} {
		f := flags.Lookup(name)
		if v := f.Value.String(); f.Changed && (v == "0" || v == "0s" || v[0] == '-') {
			return fmt.Errorf("%s must be more than zero, not %s", name, v)
		}
	}
	return nil
}

func (s *serveSettings) serve(cmd *cobra.Command) error {
	if err := s.check(cmd.Flags()); err != nil {
		return usageError{err}
	}
	log, err := newLogger(cmd.ErrOrStderr(), s.logFormat, s.logLevel)
	if err != nil {
		return usageError{err}
	}
	s.Drain.Mode, s.Drain.Backlog = drain.Mode(s.mode), drain.Backlog(s.backlog)
	s.Logger, s.Version = log, version
	// From here on a signal ends the process in order, also one that comes before there is anything to drain.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	s.Signals = signals
	srv, err := server.New(s.Options)
	if err != nil {
		return err
	}
	warnOfUnknownVariables(log, cmd.Flags())
	srv.Register(handler.Echo())
	srv.Register(handler.Sleep())
	welcome(cmd.OutOrStdout(), srv, s.Store)
	if err := srv.Run(cmd.Context()); err != nil {
		log.Error("serve", "error", err)
	}
	if code := srv.ExitCode(); code != 0 {
		return exitError(code)
	}
	return nil
}

// welcome says where things are, and what to try first.
func welcome(w io.Writer, srv *server.Server, store string) {
	url := "http://" + srv.Addr().String()
	path, _ := strings.CutPrefix(store, "sqlite:")
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	fmt.Fprintf(w, "lastcall %s, pid %d\n", version, os.Getpid())
	fmt.Fprintf(w, "  listens at  %s\n", url)
	fmt.Fprintf(w, "  keeps data  in %s\n", path)
	fmt.Fprintf(w, "  try         curl -H 'Content-Type: application/json' -H 'Prefer: wait=10' %s/v1/tasks -d '%s'\n",
		url, `{"type":"sleep","input":{"ms":2000,"steps":10}}`)
}

// newLogger logs text for people on a terminal and JSON for machines elsewhere.
func newLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log-level %q is none of debug, info, warn, error", level)
	}
	opts := &slog.HandlerOptions{Level: l}
	switch {
	case format == "text", format == "auto" && terminal(w):
		return slog.New(slog.NewTextHandler(w, opts)), nil
	case format == "json", format == "auto":
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return nil, fmt.Errorf("log-format %q is none of auto, text, json", format)
}
