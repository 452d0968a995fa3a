package client

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// frame is any of the server's frames; asyncapi.yaml says which fields belong to which. The fields of an event and of a
// state have the same names, and stand in Event.
type frame struct {
	T string `json:"t"`
	lastcall.Event
	Cursor string `json:"cursor"`

	Node   string `json:"node"` // welcome
	Client string `json:"client"`
	Head   int64  `json:"head"`
	PingMS int64  `json:"ping_ms"`

	Why  lastcall.GapReason `json:"why"` // gap
	From int64              `json:"from"`
	To   int64              `json:"to"`

	N int64 `json:"n"` // ping

	Mode       string   `json:"mode"` // drain
	AfterMS    int64    `json:"after_ms"`
	DeadlineMS int64    `json:"deadline_ms"`
	Pending    []string `json:"pending"`

	at lastcall.Cursor // Cursor, read
}

// parseFrame reads a frame. What it does not know it passes over, as the contract asks of both sides.
func parseFrame(text []byte) (f frame, err error) {
	if err := json.Unmarshal(text, &f); err != nil {
		return f, fmt.Errorf("read frame: %w", err)
	}
	switch f.T {
	case "welcome", "event", "gap", "live":
		f.at, err = lastcall.ParseCursor(f.Cursor)
	}
	return f, err
}

// message is what the reader of the mailbox is told of the frame; nil: nothing.
func (f *frame) message() Message {
	switch f.T {
	case "welcome":
		return Connected{Node: f.Node, Client: f.Client, Cursor: f.at, Head: f.Head}
	case "event":
		return Event{Event: f.Event, Cursor: f.at}
	case "gap":
		return Gap{Why: f.Why, From: f.From, To: f.To, Cursor: f.at}
	case "live":
		return Live{Cursor: f.at}
	case "state":
		return State{Task: f.Task, Type: f.Type, Run: f.Run, Data: f.Data}
	case "drain":
		return Draining{
			Handover: f.handover(), After: f.after(), Pending: f.Pending,
			Deadline: time.Duration(f.DeadlineMS) * time.Millisecond,
		}
	}
	return nil
}

// handover reports whether the frame asks the client to move.
func (f *frame) handover() bool { return f.T == "drain" && f.Mode == "handover" }

func (f *frame) after() time.Duration { return time.Duration(max(f.AfterMS, 0)) * time.Millisecond }

// The client's frames.
type (
	hello struct {
		T      string   `json:"t"`
		Resume string   `json:"resume,omitempty"`
		Caps   []string `json:"caps"`
	}
	ack struct {
		T   string `json:"t"`
		Seq int64  `json:"seq"`
	}
	pong struct {
		T string `json:"t"`
		N int64  `json:"n"`
	}
	bye struct {
		T string `json:"t"`
	}
)
