package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/client"
)

// watchFlags say where a mailbox is read from, and how.
type watchFlags struct {
	after string
	ack   bool
	count int
}

func watchCommand() *cobra.Command {
	f := &watchFlags{}
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Follow what happens to a client's tasks",
		Long: `watch reads a client's mailbox, live: first the events that the client has not acknowledged yet, then whatever
happens, until Ctrl-C. It outlives restarts of the server: it resumes where it was, and moves to another node when one
stops. Without --ack it leaves the mailbox as it found it.

On a terminal it writes a line for each event; elsewhere, and with --json, the frames of the WebSocket as lines of JSON.
The last cursor that it wrote is where --after goes on.`,
		Example: `  lastcall watch --client alice
  lastcall watch --client alice --json | jq -c 'select(.type == "task.failed")'`,
		Args: noArguments,
	}
	cmd.Flags().StringVar(&f.after, "after", "", "`cursor` of the last event that is known")
	cmd.Flags().BoolVar(&f.ack, "ack", false, "acknowledge what has been written, as the client itself would")
	cmd.Flags().IntVar(&f.count, "count", 0, "end after this many events; 0: never")
	return remoteCommand(cmd, f.watch)
}

func (f *watchFlags) watch(ctx context.Context, s *session) error {
	if f.count < 0 {
		return usageError{fmt.Errorf("count must not be negative, and is %d", f.count)}
	}
	o := client.EventOptions{Peek: !f.ack, Progress: true}
	if f.after != "" {
		var err error
		if o.After, err = lastcall.ParseCursor(f.after); err != nil {
			return usageError{err}
		}
	}
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	began, connected, events := time.Now(), false, 0
	for m, err := range s.api.Events(ctx, o) {
		if err != nil && ctx.Err() != nil {
			return nil // Ctrl-C is how it ends
		}
		if err != nil {
			return err
		}
		lost, isLost := m.(client.Lost)
		_, isConnected := m.(client.Connected)
		connected = connected || isConnected
		if isLost && !connected && time.Since(began)+lost.Retry > s.timeout {
			return lost.Err
		}
		if err := s.tell(m); err != nil {
			return err
		}
		if _, ok := m.(client.Event); ok {
			events++
		}
		if events > 0 && events == f.count {
			enough() // and not a return: the last one, too, is acknowledged when the loop comes back
		}
	}
	return nil
}

// tell writes a message for whoever reads: a person or a program. How the connection itself does is beside the result.
func (s *session) tell(m client.Message) error {
	switch m := m.(type) {
	case client.Lost:
		s.notef("No connection (%s); trying again%s.", cause(m.Err), pauseText(m.Retry))
		return nil
	case client.Draining:
		s.notef("%s", drainingText(m))
		return nil
	}
	if !s.onTerminal() {
		return s.out.line(frameOf(m))
	}
	fmt.Fprintln(s.out, humanText(m, time.Now()))
	return nil
}

// pauseText says how long nothing is tried. Less than a second is over before it has been read.
func pauseText(d time.Duration) string {
	if d < time.Second {
		return ""
	}
	return " in " + d.Round(100*time.Millisecond).String()
}

func drainingText(m client.Draining) string {
	if m.Handover {
		return fmt.Sprintf("The node is stopping; moving to another in %s.", m.After.Round(10*time.Millisecond))
	}
	return fmt.Sprintf("The node is stopping; %d tasks of this client are to be finished within %s.",
		len(m.Pending), m.Deadline.Round(time.Second))
}

// eventLine and the others are messages with the names that they have in the frames of the WebSocket.
type (
	eventLine struct {
		T string `json:"t"`
		lastcall.Event
		Cursor string `json:"cursor"`
	}
	gapLine struct {
		T      string             `json:"t"`
		Why    lastcall.GapReason `json:"why"`
		From   int64              `json:"from,omitempty"`
		To     int64              `json:"to,omitempty"`
		Cursor string             `json:"cursor"`
	}
	stateLine struct {
		T string `json:"t"`
		lastcall.State
	}
	welcomeLine struct {
		T      string `json:"t"`
		Node   string `json:"node"`
		Client string `json:"client"`
		Cursor string `json:"cursor"`
		Head   int64  `json:"head"`
	}
	liveLine struct {
		T      string `json:"t"`
		Cursor string `json:"cursor"`
	}
)

// frameOf is a message as a frame.
func frameOf(m client.Message) any {
	switch m := m.(type) {
	case client.Event:
		return eventLine{"event", m.Event, m.Cursor.String()}
	case client.Gap:
		return gapLine{"gap", m.Why, m.From, m.To, m.Cursor.String()}
	case client.State:
		return stateLine{"state", lastcall.State(m)}
	case client.Connected:
		return welcomeLine{"welcome", m.Node, m.Client, m.Cursor.String(), m.Head}
	case client.Live:
		return liveLine{"live", m.Cursor.String()}
	}
	return nil
}

// humanText is a message as a line for a person.
func humanText(m client.Message, now time.Time) string {
	switch m := m.(type) {
	case client.Event:
		return fmt.Sprintf("%s  %-16s %s  %s", m.At.Local().Format(time.TimeOnly), verb(m.Type), m.Task, eventDetail(m.Data))
	case client.State:
		return fmt.Sprintf("%s  %-16s %s  %s", now.Format(time.TimeOnly), verb(m.Type), m.Task, eventDetail(m.Data))
	case client.Gap:
		return fmt.Sprintf("%s  events can no longer be had (%s); going on behind %s", now.Format(time.TimeOnly), m.Why, m.Cursor)
	case client.Connected:
		return fmt.Sprintf("%s  connected to %s as %s, behind %s", now.Format(time.TimeOnly), m.Node, m.Client, m.Cursor)
	case client.Live:
		return now.Format(time.TimeOnly) + "  live"
	}
	return ""
}

// verb is an event's type without what they all begin with.
func verb(t lastcall.EventType) string { return strings.TrimPrefix(string(t), "task.") }

// eventDetail is what an event carries, in a few words.
func eventDetail(data json.RawMessage) string {
	var d struct {
		Output  json.RawMessage     `json:"output"`
		Error   *lastcall.TaskError `json:"error"`
		Reason  string              `json:"reason"`
		Percent *float64            `json:"percent"`
		Message string              `json:"message"`
	}
	switch err := json.Unmarshal(data, &d); {
	case err != nil:
		return ""
	case d.Error != nil:
		return fit(printable(d.Error.Error()), 120)
	case d.Percent != nil:
		return strings.TrimSpace(fmt.Sprintf("%.0f%% %s", *d.Percent, printable(d.Message)))
	case d.Reason != "":
		return d.Reason
	}
	return fit(printable(string(d.Output)), 120)
}
