package server_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// options are those of a server that bothers nobody.
func options(t *testing.T) server.Options {
	t.Helper()
	return server.Options{
		Listen: "127.0.0.1:0", Store: "sqlite:" + filepath.Join(t.TempDir(), "test.db"), Node: "test",
		Logger: slog.New(slog.DiscardHandler), Signals: make(chan os.Signal),
	}
}

func echo(_ context.Context, in string) (string, error) { return in, nil }

// G10: a setting that cannot be is refused in a sentence, before anything is begun.
func TestNewRefusesWhatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*server.Options)
		want   string
	}{
		"an address that others reach": {func(o *server.Options) { o.Listen = "0.0.0.0:0" }, "no token is configured"},
		"an address that is none":      {func(o *server.Options) { o.Listen = "here" }, "HOST:PORT"},
		"a socket of nobody's":         {func(o *server.Options) { o.Listen = "fd:" }, "no service manager has handed over a socket"},
		"a store of no kind":           {func(o *server.Options) { o.Store = "file.db" }, "must be sqlite:PATH"},
		"a folder that is not there":   {func(o *server.Options) { o.Store = "sqlite:/does/not/exist/x.db" }, "does/not/exist"},
		"auth on":                      {func(o *server.Options) { o.Auth = "on" }, "auth"},
		"negative concurrency":         {func(o *server.Options) { o.Concurrency = -1 }, "concurrency"},
		"a name of control characters": {func(o *server.Options) { o.Node = "a\nb" }, "node name"},
		"a grace that fits nothing":    {func(o *server.Options) { o.Grace = time.Second }, "grace"},
		"negative retention":           {func(o *server.Options) { o.KeepEvents = -1 }, "retention"},
		"negative max_crashes":         {func(o *server.Options) { o.MaxCrashes = -1 }, "max_crashes"},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			c.change(&o)
			srv, err := server.New(o)
			if err == nil {
				_ = srv.Close()
				t.Fatal("it was taken")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %q, which does not name %q", err, c.want)
			}
		})
	}
}

// A port that is taken is an error of New, and the store is closed again: the same file opens at once afterwards.
func TestNewLeavesNothingBehind(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	o := options(t)
	o.Listen = ln.Addr().String()
	if _, err := server.New(o); err == nil {
		t.Fatal("the port was taken twice")
	}
	o.Listen = "127.0.0.1:0"
	srv, err := server.New(o)
	if err != nil {
		t.Fatalf("the second try: %v", err)
	}
	if err := srv.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := srv.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
	if err := srv.Run(t.Context()); err == nil {
		t.Error("a closed server ran")
	}
}

// What Register was told wrongly fails the start, every mistake by its name.
func TestRunReportsEveryRegistrationMistake(t *testing.T) {
	srv, err := server.New(options(t))
	if err != nil {
		t.Fatal(err)
	}
	lastcall.Handle(srv, "twice", echo)
	lastcall.Handle(srv, "twice", echo)
	srv.Register(lastcall.TaskType{Name: "handless"})
	lastcall.Handle(srv, "", echo)
	err = srv.Run(t.Context())
	if err == nil || srv.ExitCode() != drain.ExitCloseFailed {
		t.Fatalf("it ran: %v, exit code %d", err, srv.ExitCode())
	}
	for _, want := range []string{`"twice": it is registered already`, `"handless": it has no handler`, `"": the name`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
}

// G8: the end of its context drains a server, and leaves no goroutine and no lock behind: the same file serves again at
// once.
func TestRunDrainsAtTheEndOfItsContext(t *testing.T) {
	o := options(t)
	for range 3 {
		srv, err := server.New(o)
		if err != nil {
			t.Fatal(err)
		}
		lastcall.Handle(srv, "echo", echo)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := srv.Run(ctx); err != nil || srv.ExitCode() != drain.ExitDrained {
			t.Fatalf("run: %v, exit code %d", err, srv.ExitCode())
		}
		if err := srv.Run(t.Context()); err == nil {
			t.Error("it ran twice")
		}
	}
}
