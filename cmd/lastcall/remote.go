package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/client"
)

// remote is what every command takes that talks to a server.
type remote struct {
	server  string
	name    string
	json    bool
	timeout time.Duration
}

// restart is how long a server with nobody beside it may be away that is being restarted: the grace of its drain, in which
// it refuses new work, and the start of the next one.
const restart = 40 * time.Second

// remoteCommand is a command that talks to a server. Do gets a context that ends with Ctrl-C or SIGTERM.
func remoteCommand(cmd *cobra.Command, do func(ctx context.Context, s *session) error) *cobra.Command {
	r := &remote{}
	f := cmd.Flags()
	f.StringVar(&r.server, "server", "http://127.0.0.1:8080", "`URL` of a node, or of the balancer before them (LASTCALL_SERVER)")
	f.StringVar(&r.name, "client", "", "`name` of the client on whose behalf (LASTCALL_CLIENT; default anonymous)")
	f.BoolVar(&r.json, "json", false, "write JSON, with the names of the API")
	f.DurationVar(&r.timeout, "timeout", restart, "how long to go on trying where there is no answer; 0s: try once")
	completeFlags(cmd, r)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		s, err := r.open(cmd, args)
		if err != nil {
			return usageError{err}
		}
		defer s.api.Close()
		return s.explain(ctx, do(ctx, s))
	}
	return cmd
}

// session is one run of such a command.
type session struct {
	*remote
	cmd  *cobra.Command
	args []string
	api  *client.Client
	out  output
	away *outage
}

// open reads the settings. A flag wins over its variable; an empty variable says nothing.
func (r *remote) open(cmd *cobra.Command, args []string) (*session, error) {
	for name, into := range map[string]*string{"server": &r.server, "client": &r.name} {
		if v := os.Getenv("LASTCALL_" + map[string]string{"server": "SERVER", "client": "CLIENT"}[name]); v != "" && !cmd.Flags().Changed(name) {
			*into = v
		}
	}
	if r.timeout < 0 {
		return nil, fmt.Errorf("timeout must not be negative, and is %s", r.timeout)
	}
	s := &session{remote: r, cmd: cmd, args: args, out: newOutput(cmd.OutOrStdout(), r.json), away: &outage{most: r.timeout}}
	options := []client.Option{client.WithPatience(r.timeout), client.OnRetry(s.tellOfOutage), client.WithHTTPClient(s.away.heard())}
	if r.name != "" {
		options = append(options, client.WithName(r.name))
	}
	var err error
	s.api, err = client.New(r.server, options...)
	return s, err
}

// tellOfOutage says once per outage why nothing happens: to a person, and to whoever waits for a task, which may be long.
func (s *session) tellOfOutage(err error, _ time.Duration) {
	screen := s.cmd.ErrOrStderr()
	told := s.timeout > 0 && (columns(screen) > 0 || s.away.waits())
	if s.away.failed(err) && told {
		erase(screen) // there may be a bar
		s.notef("No answer from %s (%s); trying again.", s.server, cause(err))
	}
}

// bounded is ctx for a call that is answered at once, or not at all.
func (s *session) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, s.timeout)
}

// notef says something to the person, beside what the command gives out.
func (s *session) notef(format string, args ...any) {
	fmt.Fprintf(s.cmd.ErrOrStderr(), format+"\n", args...)
}

// explain says what went wrong in words for a person, and turns it into the exit code.
func (s *session) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if _, said := errors.AsType[exitError](err); said {
		return err
	}
	if _, usage := errors.AsType[usageError](err); usage {
		return err
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return exitError(exitInterrupted)
	}
	e, answered := errors.AsType[*lastcall.Error](err)
	closed, sentAway := errors.AsType[*client.CloseError](err)
	switch {
	case sentAway:
		s.notef("lastcall: %s", closed)
		return exitError(exitFailed)
	case errors.Is(err, syscall.ECONNREFUSED):
		s.notef("lastcall: nobody listens at %s. Start a node with \"lastcall serve\", or name another with --server or LASTCALL_SERVER.", s.server)
		return exitError(exitUnavailable)
	case !answered:
		s.notef("lastcall: no answer from %s: %s", s.server, cause(err))
		return exitError(exitUnavailable)
	}
	s.notef("lastcall: %s", err)
	for _, f := range e.Fields {
		s.notef("  %s%s %s", item(f.Item), f.Field, f.Message)
	}
	switch e.Code.HTTPStatus() {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return exitError(exitUnavailable)
	}
	return exitError(exitFailed)
}

// item says which of a batch it was: submitLines has made lines of the numbers.
func item(i *int) string {
	if i == nil {
		return ""
	}
	return fmt.Sprintf("line %d: ", *i)
}

// cause is the innermost of an error that came up from the network: what a person can do something about.
func cause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
