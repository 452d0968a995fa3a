package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/client"
	"github.com/lastcall-dev/lastcall/drain"
)

func statusCommand() *cobra.Command {
	return remoteCommand(&cobra.Command{
		Use:   "status",
		Short: "Show nodes, queues and the drain",
		Long: `status shows the nodes on the store, what waits and runs in each queue, and how the drain goes of the node that
answers. Nodes that are gone are shown with --json only, for a day.`,
		Args: noArguments,
	}, status)
}

// statusDocument is what there is to know, under the names of the API.
type statusDocument struct {
	Nodes []lastcall.Node `json:"nodes"`
	client.Queues
	Drain drain.Status `json:"drain"`
}

func status(ctx context.Context, s *session) (err error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	var d statusDocument
	if d.Nodes, err = s.api.Nodes(ctx); err != nil {
		return err
	}
	if d.Queues, err = s.api.Queues(ctx); err != nil {
		return err
	}
	if d.Drain, err = s.api.Drain(ctx); err != nil {
		return err
	}
	if s.json {
		return s.out.line(d)
	}
	s.out.table("NODE INCARNATION PHASE RUNNING CLIENTS SEEN VERSION TYPES", nodeRows(d.Nodes, time.Now()))
	fmt.Fprintln(s.out)
	if len(d.Queues.Queues) == 0 {
		fmt.Fprintln(s.out, "nothing waits or runs")
	} else {
		s.out.table("QUEUE QUEUED SCHEDULED RUNNING OLDEST STATE", queueRows(&d.Queues))
	}
	if told := d.Drain.Deadline; told != nil {
		fmt.Fprintf(s.out, "\n%s: %s\n", s.server, drainText(&d.Drain))
	}
	return nil
}

func nodeRows(nodes []lastcall.Node, now time.Time) (rows [][]string) {
	for _, n := range nodes {
		if n.Alive {
			rows = append(rows, []string{
				printable(n.Name), shortID(n.Incarnation), n.Phase, strconv.Itoa(n.Running), strconv.Itoa(n.Connections),
				age(max(now.Sub(n.SeenAt), 0)) + " ago", printable(n.Version), printable(strings.Join(n.Types, ",")),
			})
		}
	}
	return rows
}

// shortID is what tells an incarnation from others of its name, which the first letters do not: they are its time. Logs
// and /readyz (Lastcall-Incarnation) say all of it.
func shortID(incarnation string) string {
	const most = 8
	return "…" + printable(incarnation[max(len(incarnation)-most, 0):])
}

func queueRows(q *client.Queues) (rows [][]string) {
	for _, one := range q.Queues {
		oldest, state := "-", "open"
		if ms := one.OldestQueuedAgeMS; ms != nil {
			oldest = age(time.Duration(*ms) * time.Millisecond)
		}
		if one.Paused {
			state = "paused"
		}
		rows = append(rows, []string{
			printable(one.Name), count(one.Queued), count(one.Scheduled), count(one.Running), oldest, state,
		})
	}
	return rows
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

// drainText says where a drain stands.
func drainText(d *drain.Status) string {
	text := fmt.Sprintf("%s, waits for %d tasks and %d clients", d.Phase, len(d.WaitingFor.Work), d.WaitingFor.Connections)
	if d.Deadline != nil {
		text += fmt.Sprintf(", %s left", age(max(time.Until(*d.Deadline), 0)))
	}
	return text
}
