package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/client"
)

// admit connects a client through the forwarder and lets it listen from then on. It fails unless the client is let in by
// the node of that name.
func (s *takeover) admit(ctx, around context.Context, name, by string) error {
	c, err := client.New("http://"+s.addr, client.WithName(name))
	if err != nil {
		return err
	}
	in := make(chan string, 1)
	s.around.Go(func() { // ends with around
		defer c.Close()
		s.listen(around, c, name, in)
	})
	select {
	case node := <-in:
		s.sayf(name, "is connected, to the %s node", node)
		if node != by {
			return fmt.Errorf("%s was let in by the %s node", name, node)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s was not let in", name)
	}
}

// listen hears what a client is told, on one node after the other.
func (s *takeover) listen(ctx context.Context, c *client.Client, name string, in chan<- string) {
	at := ""
	for m, err := range c.Events(ctx, client.EventOptions{}) {
		if err != nil {
			return // everything ends
		}
		switch m := m.(type) {
		case client.Connected:
			if at == "" {
				in <- m.Node
			} else if at != m.Node {
				s.sayf(name, "has moved to the %s node, and missed nothing: the cursor is %d", m.Node, m.Cursor.Seq)
			}
			at = m.Node
		case client.Draining:
			if m.Handover {
				s.sayf(name, "is sent on, in %d ms", m.After.Milliseconds())
			} else if len(m.Pending) > 0 {
				s.sayf(name, "stays with the %s node, which still runs %d of its tasks", at, len(m.Pending))
			}
		case client.Event:
			if m.Type.Terminal() {
				s.heard(name, at, m)
			}
		}
	}
}

func (s *takeover) heard(name, at string, ev client.Event) {
	if left, known := s.ledger.answered(ev.Task, name, ev.Type == lastcall.TaskSucceeded); known {
		s.sayf(name, "has the answer to …%s, on the %s node; %d to go", ev.Task[len(ev.Task)-6:], at, left)
	}
}

// publish submits tasks for a client.
func (s *takeover) publish(ctx context.Context, name string, lengths ...time.Duration) error {
	c, err := client.New("http://"+s.addr, client.WithName(name))
	if err != nil {
		return err
	}
	defer c.Close()
	for _, d := range lengths {
		input, err := json.Marshal(map[string]int64{"ms": d.Milliseconds(), "steps": 10})
		if err != nil {
			return err
		}
		out, err := c.Submit(ctx, lastcall.Submission{Type: "sleep", Client: name, Input: input})
		if err != nil {
			return fmt.Errorf("submit: %w", err)
		}
		s.ledger.asked(out.Task.ID, name)
		s.sayf(name, "has a task of %v: …%s", d, out.Task.ID[len(out.Task.ID)-6:])
	}
	return nil
}
