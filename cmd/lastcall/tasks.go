package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/lastcall-dev/lastcall"
)

// tasksFlags say which tasks are listed, or what is shown of one.
type tasksFlags struct {
	filter   lastcall.Filter
	statuses []string
	labels   []string
	limit    int
	log      bool
	wait     time.Duration
}

func tasksCommand() *cobra.Command {
	f := &tasksFlags{}
	cmd := &cobra.Command{
		Use:   "tasks [ID]",
		Short: "List tasks, or show one",
		Long: `tasks lists tasks, newest first; with --client those of that client. With an id it shows that task; with --log what its
last run has written, and with --wait it stays until the task is done, as submit does.`,
		Example: `  lastcall tasks --status failed,expired --type report
  lastcall tasks --label tenant=acme --json | jq -r .id
  lastcall tasks 019b2d1c-7f00-7abc-8def-0123456789ab --log`,
		Args: cobra.ArbitraryArgs,
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.statuses, "status", nil, "`statuses` to list, with commas or repeated")
	flags.StringVar(&f.filter.Type, "type", "", "`name` of a type to list")
	flags.StringVar(&f.filter.Queue, "queue", "", "`name` of a queue to list")
	flags.StringArrayVar(&f.labels, "label", nil, "`key=value` that the tasks have; may be repeated")
	flags.IntVar(&f.limit, "limit", 50, "how many to list; 0: all")
	flags.BoolVar(&f.log, "log", false, "write the log of the task's last run")
	flags.DurationVar(&f.wait, "wait", 0, "wait until the task is done, at most this `time` if one is given")
	flags.Lookup("wait").NoOptDefVal = "0s"
	var names []string
	for _, s := range lastcall.Statuses() {
		names = append(names, string(s))
	}
	complete := cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)
	_ = cmd.RegisterFlagCompletionFunc("status", complete) // fails for a flag that is not there
	return remoteCommand(cmd, f.run)
}

func (f *tasksFlags) run(ctx context.Context, s *session) error {
	switch set := s.cmd.Flags().Changed; {
	case len(s.args) > 1:
		return usageError{errors.New("tasks takes one id, or none")}
	case len(s.args) == 1 && slices.ContainsFunc([]string{"status", "type", "queue", "label", "limit"}, set):
		return usageError{errors.New("status, type, queue, label and limit go with a list, and not with the id of a task")}
	case len(s.args) == 1 && f.wait < 0:
		return usageError{fmt.Errorf("wait must not be negative, and is %s", f.wait)}
	case len(s.args) == 1 && f.log && set("wait"):
		return usageError{errors.New("--log and --wait are two things to ask for")}
	case len(s.args) == 0 && (f.log || set("wait")):
		return usageError{errors.New("--log and --wait go with the id of a task")}
	case len(s.args) == 0:
		return f.list(ctx, s)
	}
	id := s.args[0]
	call, cancel := s.bounded(ctx)
	defer cancel()
	if f.log {
		return s.showLog(call, id)
	}
	t, err := s.api.Task(call, id)
	if err != nil {
		return err
	}
	if s.cmd.Flags().Changed("wait") {
		return s.attend(ctx, t, f.wait)
	}
	return s.showTask(&t)
}

// pageSize is how many tasks are asked for at a time: enough that a long list takes few requests.
const pageSize = 100

// list lists tasks as they come, and a table when all are there.
func (f *tasksFlags) list(ctx context.Context, s *session) error {
	if err := f.readFilter(); err != nil {
		return usageError{err}
	}
	f.filter.Client = s.name
	var rows [][]string
	n := 0
	for t, err := range s.api.Tasks(ctx, f.filter) {
		if err != nil {
			return err
		}
		if s.json {
			if err := s.out.line(newTaskLine(t)); err != nil {
				return err
			}
		} else {
			rows = append(rows, taskRow(&t, time.Now()))
		}
		if n++; n == f.limit {
			break
		}
	}
	if !s.json && n > 0 {
		s.out.table("ID TYPE QUEUE CLIENT STATUS ATTEMPT AGE NOTE", rows)
	}
	return nil
}

func (f *tasksFlags) readFilter() (err error) {
	for _, name := range f.statuses {
		status := lastcall.Status(name)
		if !status.Valid() {
			return fmt.Errorf("status %q is none of %v", name, lastcall.Statuses())
		}
		f.filter.Status = append(f.filter.Status, status)
	}
	if f.limit < 0 {
		return fmt.Errorf("limit must not be negative, and is %d", f.limit)
	}
	f.filter.Limit = pageSize
	if f.limit > 0 {
		f.filter.Limit = min(f.limit, pageSize)
	}
	f.filter.Labels, err = readLabels(f.labels)
	return err
}

// taskRow is a task in the table.
func taskRow(t *lastcall.Task, now time.Time) []string {
	return []string{
		t.ID, printable(t.Type), printable(t.Queue), printable(t.Client), string(t.Status),
		fmt.Sprintf("%d/%d", t.Attempt, t.MaxAttempts), age(now.Sub(t.CreatedAt)), fit(taskNote(t, now), 60),
	}
}

// taskNote is what is worth saying of a task beside its status.
func taskNote(t *lastcall.Task, now time.Time) string {
	switch {
	case t.CancelRequestedAt != nil && t.Status == lastcall.Running:
		return "asked to stop"
	case t.Status == lastcall.Running && t.Progress != nil:
		return strings.TrimSpace(fmt.Sprintf("%.0f%% %s", t.Progress.Percent, printable(t.Progress.Message)))
	case t.Status == lastcall.Scheduled:
		return "in " + age(max(t.RunAt.Sub(now), 0))
	case t.Error != nil:
		return printable(t.Error.Error())
	}
	return ""
}
