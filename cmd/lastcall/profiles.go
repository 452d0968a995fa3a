package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"runtime"
	"time"

	"github.com/lastcall-dev/lastcall/httpapi"
)

// How much the runtime notes of waiting. It notes nothing unless it is asked to, and it is asked for the sake of
// profiles alone: at these rates a loaded node pays less for it than can be measured.
const (
	contention = 100                   // one in so many waits for a mutex
	blocked    = 10 * time.Millisecond // one wait for each so much time that goroutines spend waiting
)

// profiles serve what shows an operator where a node's time and memory go, as `go tool pprof` fetches it. They have a
// listener of their own: profiles tell of what passes through a node, so nobody gets to them by way of its API; and they
// can still be asked for while a drain closes everything else, which is when somebody may have a question.
//
// They belong to the command and not to the library: net/http/pprof adds itself to the mux that all of a process share,
// and how much the runtime notes is one setting for all of it. Both are for the program to say.
type profiles struct {
	server   *http.Server
	listener net.Listener
	done     chan struct{} // closed by the goroutine that serves, as its last act
	before   int           // the fraction of mutex waits that was noted
}

// openProfiles begins to serve profiles, nothing at all without an address. What it returns is to be closed.
func openProfiles(ctx context.Context, addr string, log *slog.Logger) (*profiles, error) {
	if addr == "" {
		return &profiles{}, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("debug_listen: %w", err)
	}
	p := &profiles{
		listener: listener, done: make(chan struct{}),
		// No limit is set to how long an answer takes: who asks for a profile says for how long.
		server: &http.Server{Handler: httpapi.OwnPagesOnly(profilesMux()), ReadHeaderTimeout: 10 * time.Second},
	}
	p.before = runtime.SetMutexProfileFraction(contention)
	runtime.SetBlockProfileRate(int(blocked))
	go func() { // ends with close, which waits for it
		defer close(p.done)
		_ = p.server.Serve(listener)
	}()
	log.Info("profiles", "url", "http://"+listener.Addr().String()+profilesPath)
	return p, nil
}

const profilesPath = "/debug/pprof/"

// profilesMux is what net/http/pprof has, less the command line that the process was started with: it may hold a
// password, and is no profile.
func profilesMux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc(profilesPath, pprof.Index) // heap, goroutine, mutex, block and the others that have a name
	mux.HandleFunc(profilesPath+"profile", pprof.Profile)
	mux.HandleFunc(profilesPath+"symbol", pprof.Symbol)
	mux.HandleFunc(profilesPath+"trace", pprof.Trace)
	return mux
}

// close ends everything at once, profiles that are being taken included: the process is about to go (G8).
func (p *profiles) close() {
	if p.server == nil {
		return
	}
	_ = p.server.Close()
	<-p.done
	runtime.SetMutexProfileFraction(p.before)
	runtime.SetBlockProfileRate(0)
}
