package crash_test

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// site is one data file and the nodes that serve it, one after the other.
type site struct {
	t     *testing.T
	start func() *exec.Cmd
	dir   string

	people sync.WaitGroup // visitors and listeners; waited for when the test is over
	closed chan struct{}  // closed then: no node will follow

	mu   sync.Mutex
	node *lab.Node     // the one that serves, or the last that did
	turn chan struct{} // closed and replaced when the next one serves
	acts int           // of visitors, at the node that serves
	busy chan struct{} // capacity 1: acts has grown

	// These belong to the test.
	ready  spread[int64] // ms from the start of the process, right after the last one's end, until /readyz says 200
	killed int
	unborn int // of those, before they served
}

// ledgerSite serves with the ledger program.
func ledgerSite(t *testing.T, flags ...string) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), closed: make(chan struct{}), turn: make(chan struct{}), busy: make(chan struct{}, 1)}
	t.Cleanup(func() { // the nodes have been ended by now, as their cleanups were registered later
		close(s.closed)
		s.people.Wait()
	})
	program := lab.Build(t, "tests/crash/ledger")
	args := append([]string{"--store", "sqlite:" + filepath.Join(s.dir, db), "--ledger", s.ledger()}, flags...)
	s.start = func() *exec.Cmd { return exec.Command(program, args...) }
	return s
}

func (s *site) ledger() string { return filepath.Join(s.dir, "ledger") }

// open starts the next node and returns when it is ready.
func (s *site) open() *lab.Node {
	s.t.Helper()
	begin := time.Now()
	n := lab.Launch(s.t, s.start())
	n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
	s.serve(n, begin)
	return n
}

// openAndKill starts the next node and kills it after a time, if need be before it serves.
func (s *site) openAndKill(after time.Duration) {
	s.t.Helper()
	begin := time.Now()
	n := lab.Launch(s.t, s.start())
	doom := time.NewTimer(after)
	defer doom.Stop()
	select {
	case <-n.Serving():
		s.serve(n, begin)
		<-doom.C
	case <-n.Exited():
		s.t.Fatalf("the process ended by itself: %s\n%s", n.Cmd.ProcessState, n.Log())
	case <-doom.C:
		s.unborn++
	}
	s.kill(n)
}

func (s *site) kill(n *lab.Node) {
	s.t.Helper()
	n.Kill()
	s.killed++
}

// serve waits until a node that serves is ready, and sends the people there.
func (s *site) serve(n *lab.Node, begin time.Time) {
	s.t.Helper()
	lab.Until(s.t, "it is ready", func() bool { return n.Do(http.MethodGet, "/readyz", "").Status == http.StatusOK })
	s.ready = append(s.ready, time.Since(begin).Milliseconds())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.node, s.acts = n, 0
	close(s.turn)
	s.turn = make(chan struct{})
}

// acted counts what visitors have done.
func (s *site) acted() {
	s.mu.Lock()
	s.acts++
	s.mu.Unlock()
	select {
	case s.busy <- struct{}{}:
	default:
	}
}

// awaitActs waits until visitors have done so much since the node began to serve.
func (s *site) awaitActs(want int) {
	s.t.Helper()
	patience := time.NewTimer(lab.Patience)
	defer patience.Stop()
	for {
		s.mu.Lock()
		got := s.acts
		s.mu.Unlock()
		if got >= want {
			return
		}
		select {
		case <-s.busy:
		case <-patience.C:
			s.t.Fatalf("visitors have done %d things, want %d", got, want)
		}
	}
}

// next waits for a node that serves after another one. It is nil when stop is closed, or when none will follow.
func (s *site) next(after *lab.Node, stop <-chan struct{}) *lab.Node {
	for {
		s.mu.Lock()
		node, turn := s.node, s.turn
		s.mu.Unlock()
		if node != nil && node != after {
			return node
		}
		select {
		case <-turn:
		case <-stop:
			return nil
		case <-s.closed:
			return nil
		}
	}
}

// gone waits until a node has been killed with which something went wrong: that is the only excuse.
func (s *site) gone(n *lab.Node, what string, err error) bool {
	patience := time.NewTimer(lab.Patience)
	defer patience.Stop()
	select {
	case <-n.Exited():
		return true
	case <-patience.C:
		s.t.Errorf("%s: %v, of a node that lives", what, err)
		return false
	}
}
