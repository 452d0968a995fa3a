package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/meter"
)

// Server is one node. Make it with New, register what it runs, and Run it, once.
type Server struct {
	o        Options
	store    lastcall.Store
	listener net.Listener
	meter    *meter.Meter
	down     teardown
	exitCode int

	types []lastcall.TaskType
	wrong []error // mistakes of Register, for Run to report
	ran   sync.Once
}

// New opens the store and binds the listener. It fails, and leaves nothing behind, when a setting is wrong, when the
// store cannot be opened or is another's, and when the address is taken or within reach of others. A signal on
// Options.Signals ends the wait for a store with ErrStopped.
func New(o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, &SettingError{err}
	}
	s := &Server{o: o, meter: meter.New()}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.down.run())
	}
	return s, nil
}

// open takes hold of what the server needs from outside: the store first, as nobody is to be let in before it is there.
func (s *Server) open() error {
	ctx := context.Background() // the store's opening is bounded by what kind it is
	s.down.add("close the sockets that nobody took", s.o.Systemd.Close)
	store, err := openUnlessStopped(ctx, &s.o, s.meter.Committed)
	if err != nil {
		return err
	}
	s.store = store
	s.down.add("close the store", store.Close)
	if s.listener, err = listen(ctx, &s.o); err != nil {
		return err
	}
	s.down.add("close the listener", func() error {
		if err := s.listener.Close(); !errors.Is(err, net.ErrClosed) { // the HTTP server closes it first
			return err
		}
		return nil
	})
	return nil
}

// Register adds a type of task; see lastcall.Registrar. It is to be called before Run, which says what is wrong with it,
// and whether the drain has the time that the type wants to stop in.
func (s *Server) Register(t lastcall.TaskType) {
	named := func(other lastcall.TaskType) bool { return other.Name == t.Name }
	switch why := s.o.Limits.CheckName(t.Name); {
	case why != "":
		s.wrong = append(s.wrong, fmt.Errorf("register %q: the name %s", t.Name, why))
	case t.Handler == nil && !t.Pull:
		s.wrong = append(s.wrong, fmt.Errorf("register %q: it has no handler", t.Name))
	case t.Handler != nil && t.Pull:
		s.wrong = append(s.wrong, fmt.Errorf("register %q: workers outside lease its tasks, so it can have no handler", t.Name))
	case slices.ContainsFunc(s.types, named):
		s.wrong = append(s.wrong, fmt.Errorf("register %q: it is registered already", t.Name))
	default:
		s.types = append(s.types, t)
	}
}

// Addr is where the server listens; the port is a real one also where Options asked for port 0.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// ExitCode is what a process that runs nothing but this server is to exit with once Run has returned: 0 after a drain,
// handed-back work included, else one of the codes of package drain.
func (s *Server) ExitCode() int { return s.exitCode }

// Close gives up a server that was never run.
func (s *Server) Close() error {
	var err error
	s.ran.Do(func() { err = s.down.run() })
	return err
}

// Run serves until SIGTERM, SIGINT, POST /v1/drain or the end of ctx starts the drain, and returns when the server is
// drained: nil when that went in order. It can be called once.
func (s *Server) Run(ctx context.Context) error {
	err := errors.New("server: it was run or closed before")
	s.ran.Do(func() {
		if err = s.run(ctx); err != nil && s.exitCode == 0 {
			s.exitCode = drain.ExitCloseFailed
		}
	})
	return err
}

func (s *Server) run(ctx context.Context) error {
	if err := errors.Join(errors.Join(s.wrong...), s.o.checkTypes(s.types)); err != nil {
		return errors.Join(err, s.down.run())
	}
	n, err := s.assemble()
	if err != nil {
		return errors.Join(err, s.down.run())
	}
	life := context.WithoutCancel(ctx) // ctx only says when the drain begins, which may be at once
	if err := n.join(life); err != nil {
		return errors.Join(err, s.down.run())
	}
	n.start(life)
	s.o.Logger.Info("serving", "addr", s.Addr().String(), "node", s.o.Node, "incarnation", n.worker.Incarnation(),
		"store", StoreName(s.o.Store), "version", s.o.Version)
	silence := n.herald(life)
	err = n.drainer.Run(ctx) // closes everything on its way
	silence()
	s.exitCode = n.drainer.ExitCode()
	return err
}
