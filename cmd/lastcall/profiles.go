package main

import (
	"context"
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
// An aid to look with fails nothing: a process that is to take over from one that drains on the same host is told the same
// address, and has it when the other, whose drain somebody may want to look at, is gone.
//
// They belong to the command and not to the library: net/http/pprof adds itself to the mux that all of a process share,
// and how much the runtime notes is one setting for all of it. Both are for the program to say.
type profiles struct {
	server *http.Server
	log    *slog.Logger
	end    context.CancelFunc // of the wait for the address
	done   chan struct{}      // closed by the goroutine that serves, as its last act
}

// profilesAgain is how often an address is asked for that somebody else has.
const profilesAgain = time.Second

// openProfiles begins to serve profiles, as soon as the address can be had; nothing at all without one. What it returns is
// to be closed.
func openProfiles(ctx context.Context, addr string, log *slog.Logger) *profiles {
	if addr == "" {
		return &profiles{}
	}
	ctx, end := context.WithCancel(ctx)
	p := &profiles{
		log: log, end: end, done: make(chan struct{}),
		// No limit is set to how long an answer takes: who asks for a profile says for how long.
		server: &http.Server{Handler: httpapi.OwnPagesOnly(profilesMux()), ReadHeaderTimeout: 10 * time.Second},
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		log.Warn("debug_listen: no profiles are served until the address is free", "error", err)
	}
	go func() { // ends with close, which waits for it
		defer close(p.done)
		if listener == nil {
			listener = await(ctx, addr)
		}
		if listener != nil {
			p.serve(listener)
		}
	}()
	return p
}

// await listens at an address when that is free. It returns nil when ctx has ended before.
func await(ctx context.Context, addr string) net.Listener {
	again := time.NewTicker(profilesAgain)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
		if listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr); err == nil {
			return listener
		}
	}
}

// serve serves until close. Waiting is noted as long.
func (p *profiles) serve(listener net.Listener) {
	before := runtime.SetMutexProfileFraction(contention)
	runtime.SetBlockProfileRate(int(blocked))
	p.log.Info("profiles", "url", "http://"+listener.Addr().String()+profilesPath)
	_ = p.server.Serve(listener) // closes it, also where close was there first
	runtime.SetMutexProfileFraction(before)
	runtime.SetBlockProfileRate(0)
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
	p.end()
	_ = p.server.Close()
	<-p.done
}
