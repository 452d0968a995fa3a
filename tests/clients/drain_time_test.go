package clients_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// stage is a node that is about to be drained, with a good client whose task is the last to end, and whoever else came.
type stage struct {
	*lab.Node
	t  *testing.T
	on sync.WaitGroup // what goes on until the drain is over
}

// beyond is what a drain may take beyond its longest task, whoever is connected (the numbers to reach, alone: 1 s), in
// comparison with a drain where nobody is who does not behave.
const beyond = time.Second

// G7, G8: each of these clients once kept a server from ending until it was killed. Here the good client is served, the
// process ends by itself and in order, and the drain takes as long as it takes without them.
func TestNoClientChangesTheTimeOfADrain(t *testing.T) {
	alone := drainWith(t, time.Second, func(*stage) {})
	t.Logf("with good clients only a drain takes %v beyond its longest task", alone)
	for _, n := range nuisances {
		t.Run(n.name, func(t *testing.T) {
			took := drainWith(t, n.work, n.come)
			t.Logf("%v beyond the longest task", took)
			if took > alone+beyond {
				t.Errorf("the drain took %v beyond its longest task, and %v without this client", took, alone)
			}
		})
	}
}

// G7, G8: and all of them together neither keep the good client from its answer nor the process from its end. How long
// that takes says more of the machine than of the program.
func TestADrainGetsThroughAllOfThemTogether(t *testing.T) {
	drainWith(t, time.Second, func(s *stage) {
		for _, n := range nuisances {
			n.come(s)
		}
	})
}

// drainWith drains a node to which a client has come, while a task of the good client runs that takes as long as work.
// It returns for how long the drain went on after that: by the node's clock alone.
func drainWith(t *testing.T, work time.Duration, come func(*stage)) time.Duration {
	t.Helper()
	s := &stage{Node: lab.Start(t, lab.Data(t)), t: t}
	socket, _ := s.Connect("alice", "")
	alice := socket.Follow(true)
	come(s)
	id := s.Sleep("alice", work).ID
	s.AwaitStatus(id, lastcall.Running)
	s.Signal(terminated)
	s.Await("the drain begins", func(l lab.Line) bool { return l.Msg == "drain begins" })
	deadline := *s.Drain().Deadline
	answer := alice.Await("the answer", func(f lab.Frame) bool { return f.T == "event" && f.Task == id })
	code, report := s.Wait()
	s.on.Wait()
	if report == nil || code != drain.ExitDrained || report.SpareMS <= 0 {
		t.Fatalf("the node ended with %d, report %+v", code, report)
	}
	if got := alice.CloseCode(); got != 1012 {
		t.Errorf("alice was left with %d, want 1012", got)
	}
	end := deadline.Add(-time.Duration(report.SpareMS) * time.Millisecond)
	return end.Sub(answer.At)
}

// goesOn does something again and again, every so often, from now until the node has ended.
func (s *stage) goesOn(every time.Duration, do func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	s.on.Go(func() { // ends with the node
		<-s.Exited()
		cancel()
	})
	s.on.Go(func() { // ends with ctx, as do does
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				do(ctx)
			}
		}
	})
}
