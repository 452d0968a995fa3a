package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall/cmd/lastcall/forward"
)

// How long the announcement lasts here: the forwarder looks more often than a balancer does.
const (
	looks       = 50 * time.Millisecond
	announceFor = "1500ms"
	quietFor    = "300ms"
)

// takeover is the second demonstration as it goes on.
type takeover struct {
	*narrator
	dir      string
	front    *forward.Forwarder
	addr     string // of the forwarder
	old, new *node

	stop    context.CancelFunc // ends the forwarder and everyone's listening
	around  sync.WaitGroup     // those
	traffic *traffic
	ledger  *ledger
}

// playTakeover is the second demonstration.
func playTakeover(ctx context.Context, n *narrator, dir string) error {
	s := &takeover{narrator: n, dir: dir, ledger: newLedger()}
	s.plainf("\nSecond: a new node takes over from an old one, on the same file, while requests go on all the time.\n")
	around, stop := context.WithCancel(ctx)
	s.stop = stop
	defer s.end()
	if err := s.open(ctx, around); err != nil {
		return err
	}
	if err := s.play(ctx, around); err != nil {
		return err
	}
	return s.verdict()
}

// open starts the old node and puts the forwarder before it.
func (s *takeover) open(ctx, around context.Context) error {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s.addr, s.front = ln.Addr().String(), forward.New(looks)
	s.around.Go(func() { _ = s.front.Run(around, ln) }) // what goes wrong shows in those who come through it
	if s.old, err = s.node(ctx, "old"); err != nil {
		return err
	}
	s.sayf("you", "everyone comes through a forwarder at http://%s", s.addr)
	return s.ready(ctx, s.old)
}

// node starts a node behind the forwarder.
func (s *takeover) node(ctx context.Context, name string) (*node, error) {
	n, err := startNode(ctx, s.dir, name, "--concurrency", "8",
		"--drain-announce-min", announceFor, "--drain-announce-quiet", quietFor)
	if err != nil {
		return nil, err
	}
	s.sayf(name, "serves at http://%s, pid %d", n.addr, n.cmd.Process.Pid)
	s.front.Add(n.addr)
	return n, nil
}

// ready waits until the forwarder knows that a node is.
func (s *takeover) ready(ctx context.Context, n *node) error {
	for !slices.Contains(s.front.Ready(), n.addr) {
		if err := pause(ctx, looks); err != nil {
			return errors.New("the forwarder does not find the node ready")
		}
	}
	return nil
}

// play is the demonstration, act by act.
func (s *takeover) play(ctx, around context.Context) error {
	for _, name := range []string{"alice", "bob"} {
		if err := s.admit(ctx, around, name, "old"); err != nil {
			return err
		}
	}
	s.traffic = newTraffic(s.addr, s.ledger)
	s.around.Go(func() { s.traffic.run(around) })
	s.sayf("crowd", "submits and asks, some hundred times a second, from here to the end")
	// The first tasks of each are longer than the announcement: they are what the old node has to wait for.
	if err := s.publish(ctx, "alice", 7*time.Second, 2*time.Second); err != nil {
		return err
	}
	if err := s.publish(ctx, "bob", 6*time.Second, 2*time.Second); err != nil {
		return err
	}
	var err error
	if s.new, err = s.node(ctx, "new"); err != nil {
		return err
	}
	if err := s.ready(ctx, s.new); err != nil {
		return err
	}
	s.plainf("")
	if err := s.old.terminate(); err != nil {
		return err
	}
	s.sayf("you", "SIGTERM to the old node")
	if err := s.arrive(ctx, around); err != nil {
		return err
	}
	return s.finish(ctx)
}

// arrive lets a newcomer in once the old node has announced that it goes.
func (s *takeover) arrive(ctx, around context.Context) error {
	phase := ""
	for phase != "announce" && phase != "finish" {
		if err := pause(ctx, looks); err != nil {
			return errors.New("the old node did not announce that it goes")
		}
		var status struct{ Phase string }
		if err := call(ctx, "GET", "http://"+s.old.addr+"/v1/drain", "", &status); err != nil {
			return fmt.Errorf("ask the old node how it stands: %w", err)
		}
		if status.Phase != phase {
			phase = status.Phase
			s.sayf("old", "is in the phase %s", phase)
		}
	}
	for len(s.front.Ready()) != 1 {
		if err := pause(ctx, looks); err != nil {
			return errors.New("the forwarder still takes both for ready")
		}
	}
	s.sayf("probe", "/readyz of the old node answers 503, that of the new one 200")
	if err := s.admit(ctx, around, "carol", "new"); err != nil {
		return err
	}
	return s.publish(ctx, "carol", time.Second)
}

// finish waits until the old node has ended and everyone has every answer, and then stops the new one.
func (s *takeover) finish(ctx context.Context) error {
	if err := s.exit(ctx, "old", s.old); err != nil {
		return err
	}
	s.front.Remove(s.old.addr)
	if err := pause(ctx, time.Second); err != nil { // the crowd goes on at the new node
		return err
	}
	s.traffic.end()
	if err := s.ledger.settled(ctx); err != nil {
		return err
	}
	s.sayf("clients", "have every answer; the crowd goes home")
	if err := s.new.terminate(); err != nil {
		return err
	}
	s.sayf("you", "SIGTERM to the new node, which is alone")
	return s.exit(ctx, "new", s.new)
}

func (s *takeover) exit(ctx context.Context, name string, n *node) error {
	select {
	case <-n.exited:
		s.sayf(name, "has exited with code %d", n.exitCode())
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the %s process did not end", name)
	}
}

// end leaves nothing behind.
func (s *takeover) end() {
	if s.traffic != nil {
		s.traffic.end()
	}
	s.stop()
	s.around.Wait()
	for _, n := range []*node{s.old, s.new} {
		if n != nil {
			n.end()
		}
	}
}
