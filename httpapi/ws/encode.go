package ws

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// The frames of the server. Events and states are many, and are put together by hand: their data is JSON already and is
// not looked at again. What is rare goes through encoding/json.

type welcomeFrame struct {
	T      string `json:"t"`
	Conn   string `json:"conn"`
	Node   string `json:"node"`
	Client string `json:"client"`
	Cursor string `json:"cursor"`
	Head   int64  `json:"head"`
	PingMS int64  `json:"ping_ms"`
}

type gapFrame struct {
	T      string             `json:"t"`
	Why    lastcall.GapReason `json:"why"`
	From   int64              `json:"from,omitempty"`
	To     int64              `json:"to,omitempty"`
	Cursor string             `json:"cursor"`
}

type liveFrame struct {
	T      string `json:"t"`
	Cursor string `json:"cursor"`
}

type watchedFrame struct {
	T    string             `json:"t"`
	Task string             `json:"task"`
	Type lastcall.EventType `json:"type"`
	Run  int64              `json:"run"`
	Data any                `json:"data"`
}

type pingFrame struct {
	T string `json:"t"`
	N int64  `json:"n"`
}

type drainFrame struct {
	T          string   `json:"t"`
	Mode       Mode     `json:"mode"`
	AfterMS    *int64   `json:"after_ms,omitempty"`
	DeadlineMS int64    `json:"deadline_ms"`
	Pending    []string `json:"pending"`
}

type errorFrame struct {
	T       string `json:"t"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// appendJSON appends a frame of one of the types above.
func appendJSON(b []byte, frame any) []byte {
	j, err := json.Marshal(frame)
	if err != nil { // strings, numbers and JSON of the store: cannot fail
		panic(err)
	}
	return append(b, j...)
}

// appendEvent appends the frame of an event of a mailbox with the given epoch.
func appendEvent(b []byte, ev *lastcall.Event, epoch string) []byte {
	b = append(b, `{"t":"event","seq":`...)
	b = strconv.AppendInt(b, ev.Seq, 10)
	b = appendText(append(b, `,"id":`...), ev.ID)
	b = appendText(append(b, `,"type":`...), string(ev.Type))
	b = appendText(append(b, `,"task":`...), ev.Task)
	b = strconv.AppendInt(append(b, `,"run":`...), ev.Run, 10)
	b = strconv.AppendInt(append(b, `,"attempt":`...), int64(ev.Attempt), 10)
	b = ev.At.AppendFormat(append(b, `,"at":"`...), time.RFC3339Nano)
	b = appendData(append(b, `","data":`...), ev.Data)
	b = appendText(append(b, `,"cursor":`...), lastcall.Cursor{Epoch: epoch, Seq: ev.Seq}.String())
	return append(b, '}')
}

// appendState appends the frame of a task's state.
func appendState(b []byte, st *lastcall.State) []byte {
	b = appendText(append(b, `{"t":"state","task":`...), st.Task)
	b = appendText(append(b, `,"type":`...), string(st.Type))
	b = strconv.AppendInt(append(b, `,"run":`...), st.Run, 10)
	b = appendData(append(b, `,"data":`...), st.Data)
	return append(b, '}')
}

func appendData(b []byte, data json.RawMessage) []byte {
	if len(data) == 0 {
		return append(b, "{}"...)
	}
	return append(b, data...)
}

// appendText appends s as JSON. Nearly every string of a frame needs no escape.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			return appendJSON(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// watched is how a task that someone watches stands, told as the event or state that brought it there.
func watched(t *lastcall.Task) watchedFrame {
	f := watchedFrame{T: "watched", Task: t.ID, Run: t.Run, Data: struct{}{}}
	switch t.Status {
	case lastcall.Succeeded:
		f.Type, f.Data = lastcall.TaskSucceeded, map[string]any{"output": t.Output}
	case lastcall.Failed:
		f.Type, f.Data = lastcall.TaskFailed, map[string]any{"error": t.Error}
	case lastcall.Canceled:
		f.Type = lastcall.TaskCanceled
	case lastcall.Expired:
		f.Type = lastcall.TaskExpired
	case lastcall.Running:
		f.Type = lastcall.TaskStarted
		if t.Progress != nil {
			f.Type, f.Data = lastcall.TaskProgress, t.Progress
		}
	case lastcall.Scheduled:
		f.Type = lastcall.TaskQueued
		if t.Error != nil { // it has failed, and waits for its next attempt
			f.Type, f.Data = lastcall.TaskRetrying, map[string]any{"error": t.Error, "run_at": t.RunAt}
		}
	default:
		f.Type = lastcall.TaskQueued
	}
	return f
}
