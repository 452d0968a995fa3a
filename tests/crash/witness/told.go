package witness

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/lastcall-dev/lastcall"
)

// Told is all that a node said to its clients.
type Told struct {
	Submits []Submit
	Frames  []Frame // connection by connection
	Unknown []Unknown
}

// Submit is a submit that was acknowledged.
type Submit struct {
	Key      string
	Replayed bool
	Task     lastcall.Task
	Asked    int // line at which the request had been read
	Told     int // line at which the answer began to leave
}

// Unknown is a submit that was answered with a 503: it may have made a task.
type Unknown struct{ Client, Key string }

// Frame is a welcome, or an event with its cursor, on a WebSocket.
type Frame struct {
	Conn, Client string
	Cursor       lastcall.Cursor
	Event        *lastcall.Event // nil: a welcome
	Told         int
}

// Listen takes from a trace what the node said.
func Listen(calls []Call) (Told, error) {
	var told Told
	for i, conv := range conversations(calls) {
		all, socket := conv.exchanges()
		for j := range all {
			if err := told.submit(&all[j]); err != nil {
				return told, err
			}
		}
		if socket != nil {
			client := all[len(all)-1].request.URL.Query().Get("client")
			told.socket(fmt.Sprintf("connection %d", i), client, conv, socket)
		}
	}
	return told, nil
}

func (t *Told) submit(e *exchange) error {
	if e.request.Method != http.MethodPost || e.request.URL.Path != "/v1/tasks" {
		return nil
	}
	key := e.request.Header.Get("Idempotency-Key")
	switch e.status {
	case http.StatusServiceUnavailable:
		var s struct {
			Client string `json:"client"`
		}
		if err := json.Unmarshal(e.sent, &s); err != nil {
			return fmt.Errorf("a submit: %w", err)
		}
		t.Unknown = append(t.Unknown, Unknown{s.Client, key})
		return nil
	case http.StatusOK, http.StatusAccepted:
	default:
		return fmt.Errorf("a submit was answered with %d %s", e.status, e.body)
	}
	s := Submit{
		Key: key, Replayed: e.header.Get("Idempotency-Replayed") == "true", Asked: e.asked, Told: e.told,
	}
	if err := json.Unmarshal(e.body, &s.Task); err != nil {
		return fmt.Errorf("the answer to a submit: %w", err)
	}
	t.Submits = append(t.Submits, s)
	return nil
}

// socket takes what was said on a WebSocket, up to its end or to the frame that was cut off.
func (t *Told) socket(conn, client string, conv *Conversation, r *reader) {
	for {
		text, begin, err := r.message()
		if err != nil {
			return
		}
		var head struct {
			T      string `json:"t"`
			Cursor string `json:"cursor"`
		}
		if json.Unmarshal(text, &head) != nil || (head.T != "welcome" && head.T != "event") {
			continue
		}
		f := Frame{Conn: conn, Client: client, Told: conv.Out.carrier(begin).Began}
		f.Cursor, _ = lastcall.ParseCursor(head.Cursor) // the checker finds one that is none
		if head.T == "event" {
			f.Event = &lastcall.Event{}
			_ = json.Unmarshal(text, f.Event) // and an event that is none
		}
		t.Frames = append(t.Frames, f)
	}
}
