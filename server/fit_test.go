package server_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/server"
)

// G8: the time that a type of a Go program asks for is held against the drain before anything runs. Types are registered
// after New, so it is Run that says so.
func TestRunRefusesATypeThatTheDrainHasNoTimeFor(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*server.Options)
		want   string // "" if it is to run
	}{
		"the usual settings have": {func(*server.Options) {}, ""},
		"as much as it asks for":  {func(o *server.Options) { o.Drain.StopTimeout = 8 * time.Second }, ""},
		"the node gives less": {
			func(o *server.Options) { o.Drain.StopTimeout = 7 * time.Second }, "the node's, 7s, is all that a drain gives it",
		},
		"it is to be given back soon": {
			func(o *server.Options) { o.Drain.HandBack = 7 * time.Second }, "hand_back 7s must be longer than stop_timeout 8s",
		},
		"the grace is short": {
			func(o *server.Options) { o.Grace = 10 * time.Second }, "margin 1s and hand_back 10s leave nothing of a grace of 10s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			c.change(&o)
			srv, err := server.New(o)
			if err != nil {
				t.Fatal(err)
			}
			lastcall.Handle(srv, "quick", echo)
			srv.Register(lastcall.TaskType{Name: "elsewhere", Pull: true, StopTimeout: time.Hour}) // stops nothing here
			srv.Register(lastcall.TaskType{Name: "slow", Handler: lastcall.HandlerFunc(slow), StopTimeout: 8 * time.Second})
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err = srv.Run(ctx)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("it did not run: %v", err)
			case c.want == "":
			case err == nil || srv.ExitCode() != drain.ExitCloseFailed:
				t.Fatalf("it ran: %v, exit code %d", err, srv.ExitCode())
			case !strings.Contains(err.Error(), `the type "slow" asks for a stop_timeout of 8s`) || !strings.Contains(err.Error(), c.want):
				t.Errorf("it says %q, and not %q", err, c.want)
			}
		})
	}
}

func slow(context.Context, json.RawMessage) (json.RawMessage, error) { return nil, nil }
