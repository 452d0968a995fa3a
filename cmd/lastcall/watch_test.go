package main

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/client"
)

func TestMessagesAreLinesForPeopleAndFramesForPrograms(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.Local)
	cursor := lastcall.Cursor{Epoch: "e", Seq: 4}
	event := func(kind lastcall.EventType, data string) client.Event {
		e := lastcall.Event{Seq: 4, ID: "i", Type: kind, Task: "7", Run: 1, Attempt: 1, At: at.UTC(), Data: json.RawMessage(data)}
		return client.Event{Event: e, Cursor: cursor}
	}
	for _, c := range []struct {
		m      client.Message
		person string
		frame  map[string]any
	}{
		{event(lastcall.TaskSucceeded, `{"output":{"a":1}}`), `03:04:05  succeeded        7  {"a":1}`, map[string]any{"t": "event", "cursor": "e:4"}},
		{
			event(lastcall.TaskFailed, `{"error":{"code":"x","message":"y"}}`),
			`03:04:05  failed           7  x: y`,
			map[string]any{"type": "task.failed"},
		},
		{event(lastcall.TaskInterrupted, `{"reason":"drain"}`), `03:04:05  interrupted      7  drain`, map[string]any{"seq": 4.0}},
		{
			client.State{Task: "7", Type: lastcall.TaskProgress, Data: json.RawMessage(`{"percent":42,"message":"p"}`)},
			`03:04:05  progress         7  42% p`,
			map[string]any{"t": "state", "task": "7"},
		},
		{
			client.Gap{Why: lastcall.GapExpired, From: 2, To: 4, Cursor: cursor},
			`03:04:05  events can no longer be had (expired); going on behind e:4`,
			map[string]any{"t": "gap", "from": 2.0, "to": 4.0},
		},
		{
			client.Connected{Node: "n", Client: "alice", Cursor: cursor, Head: 9},
			`03:04:05  connected to n as alice, behind e:4`,
			map[string]any{"t": "welcome", "head": 9.0},
		},
		{client.Live{Cursor: cursor}, `03:04:05  live`, map[string]any{"t": "live", "cursor": "e:4"}},
	} {
		if diff := cmp.Diff(c.person, humanText(c.m, at)); diff != "" {
			t.Error(diff)
		}
		text, err := json.Marshal(frameOf(c.m))
		if err != nil {
			t.Fatal(err)
		}
		var frame map[string]any
		if err := json.Unmarshal(text, &frame); err != nil {
			t.Fatal(err)
		}
		for key, want := range c.frame {
			if frame[key] != want {
				t.Errorf("%s: %s is %v, want %v", text, key, frame[key], want)
			}
		}
	}
	moving := client.Draining{Handover: true, After: 3170 * time.Millisecond}
	if got := drainingText(moving); got != "The node is stopping; moving to another in 3.17s." {
		t.Error(got)
	}
}

func TestAPauseOfLessThanASecondIsNotTold(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                       "",
		100 * time.Millisecond:  "",
		999 * time.Millisecond:  "",
		time.Second:             " in 1s",
		2340 * time.Millisecond: " in 2.3s",
	} {
		if got := pauseText(d); got != want {
			t.Errorf("%s is told as %q, want %q", d, got, want)
		}
	}
}

func TestTheCauseIsWhatLiesInnermost(t *testing.T) {
	root := errors.New("refused")
	if got := cause(&lastcall.Error{Err: root}); !errors.Is(got, root) || got.Error() != "refused" {
		t.Error(got)
	}
}
