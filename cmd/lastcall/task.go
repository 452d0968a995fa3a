package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// showTask shows all that is known of a task.
func (s *session) showTask(t *lastcall.Task) error {
	if s.json {
		return s.out.line(newTaskLine(*t))
	}
	s.out.table("id "+t.ID, taskFacts(t))
	return nil
}

// taskFacts are a task's fields that say something, each with its name on the wire.
func taskFacts(t *lastcall.Task) [][]string {
	var rows [][]string
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}
	add("type", printable(t.Type))
	add("queue", printable(t.Queue))
	add("client", printable(t.Client))
	add("status", string(t.Status))
	if t.Progress != nil {
		add("progress", strings.TrimSpace(fmt.Sprintf("%.0f%% %s", t.Progress.Percent, printable(t.Progress.Message))))
	}
	add("attempt", fmt.Sprintf("%d of %d", t.Attempt, t.MaxAttempts))
	add("run", count(t.Run))
	add("cut short", cutShort(t))
	if t.Priority != 0 {
		add("priority", strconv.Itoa(t.Priority))
	}
	add("labels", labelText(t.Labels))
	add("created_at", stamp(&t.CreatedAt))
	add("run_at", stamp(&t.RunAt))
	add("started_at", stamp(t.StartedAt))
	add("finished_at", stamp(t.FinishedAt))
	add("expires_at", stamp(t.ExpiresAt))
	add("cancel_requested_at", stamp(t.CancelRequestedAt))
	add("node", printable(t.Node))
	if t.RetryOf != nil {
		add("retry_of", *t.RetryOf)
	}
	if t.Error != nil {
		add("error", printable(t.Error.Error()))
	}
	add("input", printable(string(t.Input)))
	if t.Status == lastcall.Succeeded {
		add("output", printable(string(t.Output)))
	}
	return rows
}

// times says how often something has happened.
// cutShort says what ended runs before they were done; "" if nothing did.
func cutShort(t *lastcall.Task) string {
	var by []string
	if t.Interruptions > 0 {
		by = append(by, "handed back "+times(t.Interruptions))
	}
	if t.Crashes > 0 {
		by = append(by, "cut off by a crash "+times(t.Crashes))
	}
	return strings.Join(by, ", ")
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// stamp is a time as the wire has it.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func labelText(labels map[string]string) string {
	var pairs []string
	for k, v := range labels {
		pairs = append(pairs, printable(k+"="+v))
	}
	slices.Sort(pairs)
	return strings.Join(pairs, " ")
}

// logLine is a log as a document.
type logLine struct {
	ID  string `json:"id"`
	Log string `json:"log"`
}

// showLog writes a log as it is: it is the handler's own word, and who asks for it wants all of it.
func (s *session) showLog(ctx context.Context, id string) error {
	text, err := s.api.Log(ctx, id)
	if err != nil {
		return err
	}
	if s.json {
		return s.out.line(logLine{id, string(text)})
	}
	_, err = s.out.Write(text)
	return err
}
