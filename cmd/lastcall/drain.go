package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall/client"
	"github.com/lastcall-dev/lastcall/drain"
)

func drainCommand() *cobra.Command {
	noWait := false
	cmd := &cobra.Command{
		Use:   "drain",
		Short: "Stop a node in order, and follow it to its end",
		Long: `drain tells the node at --server to stop, as SIGTERM would, and follows it until it is gone. Name the node itself, and
not a balancer: whoever answers is told to stop.`,
		Args: noArguments,
	}
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "return as soon as the drain has begun")
	return remoteCommand(cmd, func(ctx context.Context, s *session) error {
		call, cancel := s.bounded(ctx)
		defer cancel()
		begun, err := s.api.StartDrain(call)
		if err != nil {
			return err
		}
		if err := s.tellDrain(&begun); err != nil || noWait {
			return err
		}
		return s.followDrain(ctx, &begun)
	})
}

const (
	// drainEvery is how often a node that drains is looked at.
	drainEvery = 200 * time.Millisecond
	// drainSlack is how long past its deadline a node is believed to be on its way out: its watchdog ends it at the
	// deadline, and clocks differ.
	drainSlack = 10 * time.Second
	// looksMissed is how many looks in a row have to fail for the node to be gone: one may fail on the way.
	looksMissed = 3
)

// followDrain tells of each step of a drain until the node is gone: nobody answers at its address any more, or somebody
// answers who was never told to stop.
func (s *session) followDrain(ctx context.Context, seen *drain.Status) error {
	api, err := client.New(s.server, client.WithPatience(0)) // no answer is an answer here
	if err != nil {
		return err
	}
	defer api.Close()
	for missed := 0; missed < looksMissed; {
		select {
		case <-time.After(drainEvery):
		case <-ctx.Done():
			s.notef("The drain goes on without you.")
			return exitError(exitInterrupted)
		}
		now, err := s.lookAtDrain(ctx, api)
		switch {
		case err != nil:
			missed++
			continue
		case now.Deadline == nil:
			s.notef("The node is gone; another answers at %s.", s.server)
			return nil
		case time.Until(*now.Deadline) < -drainSlack:
			s.notef("lastcall: the node should have been gone %s ago, and still answers", age(-time.Until(*now.Deadline)))
			return exitError(exitFailed)
		case changed(seen, &now):
			err = s.tellDrain(&now)
		}
		if err != nil {
			return err
		}
		missed, seen = 0, &now
	}
	s.notef("The node is gone.")
	return nil
}

func (s *session) lookAtDrain(ctx context.Context, api *client.Client) (drain.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return api.Drain(ctx)
}

// changed reports whether there is something new to tell; that time passes is not.
func changed(a, b *drain.Status) bool {
	return a.Phase != b.Phase || a.WaitingFor.Connections != b.WaitingFor.Connections ||
		!slices.Equal(a.WaitingFor.Work, b.WaitingFor.Work)
}

func (s *session) tellDrain(d *drain.Status) error {
	if s.json {
		return s.out.line(d)
	}
	fmt.Fprintf(s.out, "%s  %s\n", time.Now().Format(time.TimeOnly), drainText(d))
	return nil
}
