// Command stubborn is a task server for tests: an embedded server, as anyone would write it, whose handlers take a drain
// in every way there is. They listen and leave, they write down where they are, they hurry up when they get the early
// word; and they do not care, and try to have the last word when their run is long over.
//
// Each handler shows by its output in which run and attempt it came to its end, so that a test sees what a drain has cost.
package main

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/handler"
	"github.com/lastcall-dev/lastcall/server"
)

func main() {
	var o server.Options
	flag.StringVar(&o.Store, "store", "", "where the data is, sqlite:PATH")
	flag.DurationVar(&o.Grace, "grace", 30*time.Second, "time between SIGTERM and SIGKILL")
	flag.DurationVar(&o.Drain.HandBack, "drain-hand-back", 7*time.Second, "how long before the deadline work is stopped")
	flag.DurationVar(&o.Drain.StopTimeout, "stop-timeout", 5*time.Second, "time a handler has to return once it is stopped")
	flag.Parse()
	o.Listen, o.Node = "127.0.0.1:0", "stubborn"
	o.Logger = slog.New(slog.NewJSONHandler(os.Stderr, nil))
	os.Exit(run(o))
}

func run(o server.Options) int {
	srv, err := server.New(o)
	if err != nil {
		o.Logger.Error("start", "error", err)
		return 1
	}
	s := &stubborn{log: o.Logger}
	srv.Register(handler.Sleep())
	lastcall.Handle(srv, "listens", s.listens)
	lastcall.Handle(srv, "checkpoints", s.checkpoints)
	lastcall.Handle(srv, "hurries", s.hurries)
	lastcall.Handle(srv, "ignores", s.ignores)
	lastcall.Handle(srv, "deaf", s.deaf)
	lastcall.Handle(srv, "flaky", s.flaky)
	if err := srv.Run(context.Background()); err != nil {
		o.Logger.Error("run", "error", err)
	}
	return srv.ExitCode()
}
