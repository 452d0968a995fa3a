package server

import (
	"context"
	"fmt"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/systemd"
)

const (
	tellEvery    = 5 * time.Second // how old a status may be while the node serves
	tellDraining = time.Second     // and while it drains
	// extendBy is what the service manager is asked for, again and again, while work is finished: long enough for a
	// machine that is busy, and short enough for a process that hangs not to be waited for.
	extendBy = 10 * time.Second
)

// herald tells the service manager how the node is. What it says is true: every word but the first of a drain follows a
// pulse, and a node that has none any more falls silent, so that its manager ends it.
type herald struct {
	*node
	manager *systemd.Manager
	told    string // the status that was told last
	deaf    bool   // the last word was not taken
}

// herald begins to tell, until the function that it returns is called.
func (n *node) herald(ctx context.Context) (silence func()) {
	if !n.o.Systemd.Hears() {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	h := &herald{node: n, manager: n.o.Systemd}
	go func() { // ends with ctx, and is waited for by silence
		defer close(done)
		h.run(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// run never waits for the node: a pulse that does not come keeps neither a signal nor the end from being heard.
func (h *herald) run(ctx context.Context) {
	h.say(systemd.Ready)
	begun := h.drainer.Begun()
	every := time.NewTicker(h.every(tellEvery))
	defer every.Stop()
	pulses := h.feel(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case <-begun:
			begun = nil
			h.say(append(h.extension(), systemd.Stopping)...) // at once: from now on the manager's time runs
			every.Reset(h.every(tellDraining))
		case <-every.C:
		case status := <-pulses:
			pulses = nil
			h.tell(status)
			continue
		}
		if pulses == nil {
			pulses = h.feel(ctx)
		}
	}
}

// every is how often to feel the pulse: often enough for the watchdog, should one come late.
func (h *herald) every(usual time.Duration) time.Duration {
	if dog := h.manager.Watchdog(); dog > 0 {
		return min(usual, max(dog/3, time.Millisecond))
	}
	return usual
}

// feel has the pulse felt; the status that it yields comes through the channel.
func (h *herald) feel(ctx context.Context) chan string {
	pulses := make(chan string, 1)
	// Ends with ctx at the latest, but for a deadlock, which is what it is there to find.
	go func() {
		if status, err := h.pulse(ctx); err == nil {
			pulses <- status
		}
	}()
	return pulses
}

// pulse returns when all that this node cannot be without has answered: the drain's goroutine, which alone hears signals;
// the store's writer, without which nothing is acknowledged; and the worker, the sockets and the streams, as none of their
// locks is held for good. An outage of the store is no failure of the node, which answers 503 and goes on by itself when
// that is over: it is not asked whether anything can be written.
func (n *node) pulse(ctx context.Context) (status string, err error) {
	if err := n.drainer.Answers(ctx); err != nil {
		return "", err
	}
	if store, ok := n.store.(lastcall.Answerer); ok {
		if err := store.Answers(ctx); err != nil {
			return "", fmt.Errorf("pulse: %w", err)
		}
	}
	return n.statusLine(), nil
}

// statusLine is how the node is, for people.
func (n *node) statusLine() string {
	d := n.drainer.Status()
	if d.Deadline == nil {
		return fmt.Sprintf("%s: %d running, %d connections", drain.Ready, len(d.WaitingFor.Work), n.connections())
	}
	left := max(time.Until(*d.Deadline), 0).Round(time.Second)
	return fmt.Sprintf("%s: waits for %d tasks and %d clients, %.0f s left",
		d.Phase, len(d.WaitingFor.Work), d.WaitingFor.Connections, left.Seconds())
}

// tell says what follows from a pulse.
func (h *herald) tell(status string) {
	states := h.extension()
	if h.manager.Watchdog() > 0 {
		states = append(states, systemd.Alive)
	}
	if status != h.told {
		h.told = status
		states = append(states, systemd.Status(status))
	}
	if len(states) > 0 {
		h.say(states...)
	}
}

// extension asks for time while the node drains, as much as is left of the grace and no more (G8).
func (h *herald) extension() []systemd.State {
	deadline := h.drainer.Orders().Deadline
	if deadline.IsZero() {
		return nil
	}
	left := time.Until(deadline.Add(h.drainer.Plan().Margin))
	if left <= 0 {
		return nil
	}
	return []systemd.State{systemd.ExtendTimeout(min(extendBy, left))}
}

// say says it. Of a manager that is away the log hears once.
func (h *herald) say(states ...systemd.State) {
	err := h.manager.Notify(states...)
	if err != nil && !h.deaf {
		h.o.Logger.Warn("the service manager does not hear", "error", err)
	}
	h.deaf = err != nil
}
