// Package frame is what a server says to its clients, as JSON: the same words over a WebSocket and in an event stream, so
// that a client that can read the one can read the other. What they mean is described in asyncapi.yaml. Events and states
// are many, and are put together by hand: their data is JSON already and is not looked at again. What is rare goes
// through encoding/json.
package frame

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Mode says what a drain has in mind with a client.
type Mode string

// The modes of a drain frame.
const (
	ModeFinish   Mode = "finish"   // the client stays, until it is told otherwise or to the end
	ModeHandover Mode = "handover" // the client is to move to another node
)

// Welcome says where the delivery begins.
type Welcome struct {
	T      string `json:"t"`
	Conn   string `json:"conn"`
	Node   string `json:"node"`
	Client string `json:"client"`
	Cursor string `json:"cursor"`
	Head   int64  `json:"head"`
	PingMS int64  `json:"ping_ms"`
}

// Gap says that events can no longer be had.
type Gap struct {
	T      string             `json:"t"`
	Why    lastcall.GapReason `json:"why"`
	From   int64              `json:"from,omitempty"`
	To     int64              `json:"to,omitempty"`
	Cursor string             `json:"cursor"`
}

// Live says that the replay is over.
type Live struct {
	T      string `json:"t"`
	Cursor string `json:"cursor"`
}

// Watched is how a task that someone watches stands.
type Watched struct {
	T      string             `json:"t"`
	Task   string             `json:"task"`
	Type   lastcall.EventType `json:"type"`
	Run    int64              `json:"run"`
	Status lastcall.Status    `json:"status,omitempty"` // in the stream of one task
	Data   any                `json:"data"`
}

// End says that a task has reached its end, and with it the stream that told of it.
type End struct {
	T      string          `json:"t"`
	Task   string          `json:"task"`
	Status lastcall.Status `json:"status"`
}

// Ping asks whether the peer is there.
type Ping struct {
	T string `json:"t"`
	N int64  `json:"n"`
}

// Drain says that the node stops.
type Drain struct {
	T          string   `json:"t"`
	Mode       Mode     `json:"mode"`
	AfterMS    *int64   `json:"after_ms,omitempty"`
	DeadlineMS int64    `json:"deadline_ms"`
	Pending    []string `json:"pending"`
}

// Error says what was wrong with what the client sent.
type Error struct {
	T       string `json:"t"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Append appends a frame of one of the types above.
func Append(b []byte, frame any) []byte {
	j, err := json.Marshal(frame)
	if err != nil { // strings, numbers and JSON of the store: cannot fail
		panic(err)
	}
	return append(b, j...)
}

// AppendEvent appends the frame of an event of a mailbox with the given epoch.
func AppendEvent(b []byte, ev *lastcall.Event, epoch string) []byte {
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

// AppendState appends the frame of a task's state.
func AppendState(b []byte, st *lastcall.State) []byte {
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
			return Append(b, s)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// Watching is how a task stands, told as the event or state that brought it there.
func Watching(t *lastcall.Task) Watched {
	f := Watched{T: "watched", Task: t.ID, Run: t.Run, Data: struct{}{}}
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

// Standing is the first word of a stream of one task: a state that also says how the task stands, whatever that is.
func Standing(t *lastcall.Task) Watched {
	f := Watching(t)
	f.T, f.Status = "state", t.Status
	return f
}
