package goclient_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/cmd/lastcall/forward"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// balancer is a forwarder that runs for as long as the test.
func balancer(t *testing.T) (f *forward.Forwarder, url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f = forward.New(50 * time.Millisecond)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context())) // it ends after what comes through it
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx, ln) }() // ends with ctx, and is waited for
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return f, "http://" + ln.Addr().String()
}

// enter starts a node behind the balancer.
func enter(t *testing.T, f *forward.Forwarder, store string) *lab.Node {
	t.Helper()
	n := lab.Start(t, store, "--drain-announce-min", "500ms")
	f.Add(n.Addr)
	lab.Until(t, "the node is ready behind the balancer", func() bool { return slices.Contains(f.Ready(), n.Addr) })
	return n
}

// G5, G6: nodes take over from each other, and a program that uses the client sees nothing of it: no call fails, and its
// readers get every event once. Each reader moves with every takeover; how many of them were without a connection for a
// moment, because the old node had closed before the new one had welcomed them, is printed.
func TestAProgramSeesNothingOfATakeover(t *testing.T) {
	const takeovers, people = 2, 5
	f, url := balancer(t)
	store := lab.Data(t)
	old := enter(t, f, store)
	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	var work sync.WaitGroup
	var customers []*customer
	for i := range people {
		c := arrive(t, url, fmt.Sprintf("customer-%d", i))
		customers = append(customers, c)
		work.Go(func() { c.submit(ctx) })
	}
	for i := range takeovers {
		fresh := enter(t, f, store)
		old.Signal(syscall.SIGTERM)
		if code, report := old.Wait(); code != 0 || report == nil || report.Refused > 0 {
			t.Errorf("exit code %d, report %+v", code, report)
		}
		f.Remove(old.Addr)
		old = fresh
		for _, c := range customers {
			lab.Until(t, "the reader has moved", func() bool { return c.count(func() int { return c.connected }) > i+1 })
		}
	}
	enough()
	work.Wait()
	tasks, without := 0, 0
	for _, c := range customers {
		c.leave()
		tasks += len(c.submitted)
		without += len(c.lost)
		if c.surprised > 0 {
			t.Errorf("a reader was cut off %d times without being told where it stands", c.surprised)
		}
	}
	t.Logf("%d takeovers, %d tasks, %d customers, %d times one without a connection", takeovers, tasks, people, without)
}

// G1, G5, G9: there is one node only; it is killed and started again, and stopped in order and started again. Calls take
// as long as that takes, and nothing is lost.
func TestAProgramOutlivesANodeThatIsAlone(t *testing.T) {
	store, addr := lab.Data(t), "127.0.0.1:"+lab.FreePort(t)
	start := func() *lab.Node {
		args := append(lab.ServeArgs(store), "--listen", addr)
		n := lab.Launch(t, exec.CommandContext(t.Context(), lab.Binary(t), args...))
		n.Await("it serves", func(l lab.Line) bool { return l.Msg == "serving" })
		return n
	}
	n := start()
	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	var work sync.WaitGroup
	c := arrive(t, "http://"+addr, "alice")
	work.Go(func() { c.submit(ctx) })
	tasks := func() int { return c.count(func() int { return len(c.submitted) }) }
	for _, end := range []func(){func() { n.Kill() }, func() { n.Signal(syscall.SIGTERM) }, func() { n.Kill() }} {
		before := tasks()
		lab.Until(t, "it works", func() bool { return tasks() > before+5 })
		end()
		<-n.Exited()
		n = start()
	}
	before := tasks()
	lab.Until(t, "it works again", func() bool { return tasks() > before+5 })
	enough()
	work.Wait()
	c.leave()
	if len(c.lost) == 0 {
		t.Error("the node went away three times, and nobody noticed")
	}
	t.Logf("%d tasks, %d connections, %d times without one", tasks(), c.connected, len(c.lost))
}
