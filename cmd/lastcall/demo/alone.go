package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

const (
	concurrency = 4
	perClient   = 8
	shortest    = 900 * time.Millisecond // of a task; each is a little longer than the one before
	step        = 100 * time.Millisecond
)

// show is the first demonstration as it goes on.
type show struct {
	*narrator
	node    *node
	clients []*visitor

	submitted int
	refused   int // after the signal, politely
	signaled  time.Time

	mu        sync.Mutex
	waiting   map[string]string // task id to client: submitted, and no answer yet
	delivered int
	all       chan struct{} // closed when nothing waits any more
}

// playAlone is the first demonstration.
func playAlone(ctx context.Context, n *narrator, dir string) error {
	s := &show{narrator: n, waiting: map[string]string{}, all: make(chan struct{})}
	s.plainf("First: a node that is alone is told to stop while it has work to do and clients who wait.\n")
	var err error
	if s.node, err = startNode(ctx, dir, "demo", "--concurrency", strconv.Itoa(concurrency)); err != nil {
		return err
	}
	defer s.end()
	s.sayf("node", "serves at http://%s with %d workers, pid %d", s.node.addr, concurrency, s.node.cmd.Process.Pid)
	if err := s.play(ctx); err != nil {
		return err
	}
	return s.verdict()
}

// play is the demonstration, act by act.
func (s *show) play(ctx context.Context) error {
	for _, name := range []string{"alice", "bob"} {
		if err := s.admit(ctx, name); err != nil {
			return err
		}
	}
	if err := s.publish(ctx); err != nil {
		return err
	}
	if err := s.count(ctx, 3); err != nil {
		return err
	}
	s.plainf("")
	s.signaled = time.Now()
	if err := s.node.terminate(); err != nil {
		return err
	}
	s.sayf("you", "SIGTERM")
	if err := s.refuse(ctx); err != nil {
		return err
	}
	if err := s.wait(ctx); err != nil {
		return err
	}
	select {
	case <-s.node.exited:
		s.sayf("node", "has exited with code %d", s.node.exitCode())
		return nil
	case <-ctx.Done():
		return errors.New("the process did not end")
	}
}

// admit connects a client and lets it listen from then on.
func (s *show) admit(ctx context.Context, name string) error {
	c, err := connect(ctx, s.node.addr, name)
	if err != nil {
		return err
	}
	s.clients = append(s.clients, c)
	s.sayf(name, "is connected, and waits")
	go s.listen(ctx, c) // ends when the socket does, at the latest with ctx
	return nil
}

// listen hears what a client is told.
func (s *show) listen(ctx context.Context, c *visitor) {
	for {
		f, err := c.next(ctx)
		switch {
		case err != nil:
			if code := closeCode(err); code > 0 {
				s.sayf(c.name, "is told to come back later: close code %d", code)
			}
			return
		case f.T == "drain":
			s.sayf(c.name, "is told that the node is stopping, and stays (mode %s)", f.Mode)
		case f.T == "event" && f.Type == lastcall.TaskSucceeded:
			s.deliver(c.name, f.Task)
		}
	}
}

func (s *show) deliver(name, task string) {
	s.mu.Lock()
	if s.waiting[task] != name {
		s.mu.Unlock()
		return
	}
	delete(s.waiting, task)
	s.delivered++
	left := len(s.waiting)
	s.mu.Unlock()
	s.sayf(name, "has the answer to …%s; %d to go", task[len(task)-6:], left)
	if left == 0 {
		close(s.all)
	}
}

// publish submits every client's tasks.
func (s *show) publish(ctx context.Context) error {
	for i := range perClient {
		for _, c := range s.clients {
			ms := int((shortest + time.Duration(i)*step).Milliseconds())
			s.mu.Lock() // the answer must not come before the question is noted
			id, err := submit(ctx, s.node.addr, c.name, ms)
			if err == nil {
				s.waiting[id] = c.name
				s.submitted++
			}
			s.mu.Unlock()
			if err != nil {
				return fmt.Errorf("submit: %w", err)
			}
		}
	}
	s.sayf("you", "%d tasks are submitted, %d for each client; each was on disk before its 202", s.submitted, perClient)
	return nil
}

// count shows the queue a few times.
func (s *show) count(ctx context.Context, times int) error {
	for range times {
		waiting, running, err := queued(ctx, s.node.addr)
		if err != nil {
			return fmt.Errorf("ask for the queue: %w", err)
		}
		s.sayf("queue", "%d waiting, %d running", waiting, running)
		if err := pause(ctx, 400*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// refuse shows that a stopping node takes nothing new and says so.
func (s *show) refuse(ctx context.Context) error {
	for {
		err := call(ctx, http.MethodGet, "http://"+s.node.addr+"/readyz", "", nil)
		if status(err) == http.StatusServiceUnavailable {
			s.sayf("probe", "/readyz answers 503")
			break
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			return errors.New("/readyz did not turn")
		}
	}
	if _, err := submit(ctx, s.node.addr, "carol", 1); status(err) != http.StatusServiceUnavailable {
		return fmt.Errorf("a task submitted during the drain did not get 503: %w", err)
	}
	s.refused++
	s.sayf("carol", "submits a task and is refused politely: 503, with Retry-After")
	if _, err := connect(ctx, s.node.addr, "carol"); status(err) != http.StatusServiceUnavailable {
		return fmt.Errorf("a socket opened during the drain did not get 503: %w", err)
	}
	s.refused++
	s.sayf("carol", "opens a WebSocket and is refused: 503")
	s.sayf("node", "still runs: %t", s.node.running())
	return nil
}

// wait shows the queue until every answer has arrived.
func (s *show) wait(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-s.all:
			s.sayf("clients", "have every answer")
			return nil
		case <-tick.C:
			if waiting, running, err := queued(ctx, s.node.addr); err == nil {
				s.sayf("queue", "%d waiting, %d running", waiting, running)
			}
		case <-s.node.exited:
			return s.afterExit()
		case <-ctx.Done():
			return errors.New("not every answer arrived in time")
		}
	}
}

// afterExit gives the frames that are still on their way a moment.
func (s *show) afterExit() error {
	select {
	case <-s.all:
		return nil
	case <-time.After(time.Second):
		return errors.New("the process ended before every answer had arrived")
	}
}

// end leaves nothing behind.
func (s *show) end() {
	for _, c := range s.clients {
		_ = c.conn.CloseNow()
	}
	s.node.end()
}
