package goclient_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/client"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// customer submits task after task, and reads its mailbox all the while.
type customer struct {
	t    *testing.T
	api  *client.Client
	stop context.CancelFunc
	done sync.WaitGroup

	mu        sync.Mutex
	submitted []string
	ends      map[string]int // events that are a task's last word
	seq       int64
	connected int
	lost      []error
	sentOn    bool // the connection's node has told it to move
	surprised int  // connections that ended without that word
}

// arrive lets a customer in.
func arrive(t *testing.T, url, name string) *customer {
	t.Helper()
	c := &customer{t: t, ends: map[string]int{}}
	var err error
	c.api, err = client.New(url, client.WithName(name))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c.stop = cancel
	c.done.Go(func() { c.read(ctx) })
	lab.Until(t, name+" is connected", func() bool { return c.count(func() int { return c.connected }) > 0 })
	return c
}

// submit submits tasks one after the other until ctx ends. Each is waited for, so that it meets whatever happens.
func (c *customer) submit(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		s := lastcall.Submission{Type: "sleep", Input: fmt.Appendf(nil, `{"ms":%d}`, i%7*10)}
		done, err := c.api.Submit(c.t.Context(), s)
		if err != nil {
			c.t.Errorf("submit %d: %v", i, err)
			return
		}
		c.note(func() { c.submitted = append(c.submitted, done.Task.ID) })
		end, err := c.api.Wait(c.t.Context(), done.Task.ID)
		if err != nil || end.Status != lastcall.Succeeded || end.Attempt != 1 {
			c.t.Errorf("wait %d: %s, attempt %d, %v", i, end.Status, end.Attempt, err)
			return
		}
	}
}

// read reads the mailbox. Events come once, in order, without a gap (G5).
func (c *customer) read(ctx context.Context) {
	for m, err := range c.api.Events(ctx, client.EventOptions{}) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				c.t.Errorf("read: %v", err)
			}
			return
		}
		c.note(func() { c.take(m) })
	}
}

func (c *customer) take(m client.Message) {
	switch m := m.(type) {
	case client.Connected:
		c.connected++
		c.sentOn = false
	case client.Draining:
		c.sentOn = c.sentOn || m.Handover
	case client.Lost:
		c.lost = append(c.lost, m.Err)
		if !c.sentOn {
			c.surprised++
		}
	case client.Gap:
		c.t.Errorf("a gap: %+v", m)
	case client.Event:
		if m.Seq != c.seq+1 {
			c.t.Errorf("event %d after %d", m.Seq, c.seq)
		}
		c.seq = m.Seq
		if m.Type.Terminal() {
			c.ends[m.Task]++
		}
	}
}

func (c *customer) note(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func (c *customer) count(f func() int) (n int) {
	c.note(func() { n = f() })
	return n
}

// leave waits until every submitted task has ended for the customer, once (G2), and lets it go.
func (c *customer) leave() {
	c.t.Helper()
	lab.Until(c.t, "every task has its end in the mailbox", func() bool {
		return c.count(func() int { return len(c.submitted) - len(c.ends) }) == 0
	})
	c.stop()
	c.done.Wait()
	c.api.Close()
	for id, n := range c.ends {
		if n != 1 {
			c.t.Errorf("task %s has ended %d times", id, n)
		}
	}
}
