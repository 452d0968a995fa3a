// Drain-only is package drain in front of an ordinary http.Server that has
// nothing to do with tasks: slow requests, and WebSockets that talk. Start it,
// give it something to do, and stop it with Ctrl-C or SIGTERM:
//
//	go run ./examples/drain-only &
//	curl 'localhost:8090/slow?for=5s' &
//	kill %1
//
// The request is answered, every open socket gets the answer it is waiting for
// and a close frame that tells it to come back (1012), new requests are
// refused, and the process exits 0 as soon as the last one is served; or at its
// deadline, when somebody never is.
//
// All that is needed of drain are the three lines marked with a star.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/lastcall-dev/lastcall/drain"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "where to listen")
	grace := flag.Duration("grace", 30*time.Second, "what the platform gives between SIGTERM and SIGKILL")
	flag.Parse()
	code, err := serve(*listen, drain.Plan{Grace: *grace})
	if err != nil {
		slog.Error("drain-only", "error", err)
	}
	os.Exit(code)
}

// serve runs the server until it is drained and returns what to exit with.
func serve(listen string, plan drain.Plan) (int, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /slow", slow)
	mux.HandleFunc("GET /talk", talk)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}

	drainer, err := drain.HTTP(srv, plan, drain.HTTPOptions{}) // * wraps the handler
	if err != nil {
		return 2, err
	}
	mux.HandleFunc("GET /readyz", drainer.ServeReady) // * for the balancer
	mux.HandleFunc("GET /v1/drain", drainer.ServeStatus)

	ctx, failed := context.WithCancelCause(context.Background())
	defer failed(nil)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return 2, err
	}
	slog.Info("listening", "url", "http://"+listener.Addr().String())

	// A server that fails by itself is drained like one that is told to stop.
	go func() { // ends when the drain closes the server
		if err := srv.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed(fmt.Errorf("serve: %w", err))
		}
	}()
	err = drainer.Run(ctx) // * returns when drained
	return drainer.ExitCode(), errors.Join(err, context.Cause(ctx))
}

// slow answers after the time it is asked for, unless it has to stop before.
func slow(w http.ResponseWriter, r *http.Request) {
	duration, err := time.ParseDuration(r.URL.Query().Get("for"))
	if err != nil {
		http.Error(w, "ask for a time: /slow?for=5s", http.StatusBadRequest)
		return
	}
	select {
	case <-time.After(duration):
		fmt.Fprintln(w, "served")
	case <-r.Context().Done():
		// At hand_back, with drain.ErrDraining: the work is given back.
		http.Error(w, context.Cause(r.Context()).Error(), http.StatusServiceUnavailable)
	}
}
