// Command ledger is a task server for tests: an embedded server whose handlers write each run that they begin into a file,
// before they do anything else. The file is their side effect on the world outside, which no crash takes back: with it a
// test holds what the server says of its runs against what really went on.
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
	flag.IntVar(&o.Concurrency, "concurrency", 16, "runs at a time")
	flag.IntVar(&o.MaxCrashes, "max-crashes", lastcall.DefaultMaxCrashes, "crashes after which a task has failed")
	file := flag.String("ledger", "", "the file of runs")
	flag.Parse()
	o.Listen, o.Node = "127.0.0.1:0", "ledger"
	o.Logger = slog.New(slog.NewJSONHandler(os.Stderr, nil))
	os.Exit(run(o, *file))
}

func run(o server.Options, file string) int {
	l, err := openLedger(file)
	if err != nil {
		o.Logger.Error("open the ledger", "error", err)
		return 1
	}
	defer l.file.Close()
	srv, err := server.New(o)
	if err != nil {
		o.Logger.Error("start", "error", err)
		return 1
	}
	srv.Register(handler.Echo())
	srv.Register(handler.Sleep())
	lastcall.Handle(srv, "work", l.work, lastcall.WithBackoff(lastcall.Backoff{Base: 20 * time.Millisecond, Max: 100 * time.Millisecond}))
	lastcall.Handle(srv, "poison", l.poison)
	if err := srv.Run(context.Background()); err != nil {
		o.Logger.Error("run", "error", err)
	}
	return srv.ExitCode()
}
