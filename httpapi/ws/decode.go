package ws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/lastcall-dev/lastcall"
)

// What a client may say.
type (
	helloFrame struct {
		resume   *lastcall.Cursor
		progress bool // caps: the client wants task.progress states
		handover bool // caps: it can move to another connection before this one is closed
	}
	ackFrame   struct{ seq int64 }
	pongFrame  struct{}
	watchFrame struct{ tasks []string }
	byeFrame   struct{}
	otherFrame struct{} // for a newer server: ignored
)

// badFrameError is what is wrong with a frame, in words for the client.
type badFrameError string

func (e badFrameError) Error() string { return string(e) }

// decode reads one text frame. Its error is a badFrameError, written for the client. Unknown fields are ignored.
func decode(b []byte) (any, error) {
	if !utf8.Valid(b) {
		return nil, badFrameError("the frame is not UTF-8")
	}
	var head struct {
		T *string `json:"t"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, badFrameError("the frame is not a JSON object with a string t")
	}
	if head.T == nil {
		return nil, badFrameError("the frame has no t")
	}
	if name, twice := repeated(b); twice {
		return nil, badFrameError(fmt.Sprintf("%.64q is given more than once", name))
	}
	switch *head.T {
	case "hello":
		return decodeHello(b)
	case "ack":
		return decodeAck(b)
	case "pong":
		return decodePong(b)
	case "watch":
		return decodeWatch(b)
	case "bye":
		return byeFrame{}, nil
	}
	return otherFrame{}, nil
}

// repeated finds a field that an object has more than once, of which json.Unmarshal would silently take the last. It
// takes T for t as well, and so does repeated. The object is known to be valid.
func repeated(b []byte) (name string, twice bool) {
	d := json.NewDecoder(bytes.NewReader(b))
	_, _ = d.Token() // {
	seen := make(map[string]struct{}, 4)
	for d.More() {
		token, _ := d.Token()
		name, _ := token.(string)
		folded := strings.ToLower(strings.ToUpper(name)) // also the few letters that fold from beyond ASCII
		if _, ok := seen[folded]; ok {
			return name, true
		}
		seen[folded] = struct{}{}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return "", false // not reached
		}
	}
	return "", false
}

func decodeHello(b []byte) (any, error) {
	var in struct {
		Resume *string  `json:"resume"`
		Caps   []string `json:"caps"`
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return nil, badFrameError("hello: " + whatsWrong(err))
	}
	f := helloFrame{
		progress: slices.Contains(in.Caps, "progress"),
		handover: slices.Contains(in.Caps, "handover"),
	}
	if in.Resume != nil {
		at, err := lastcall.ParseCursor(*in.Resume)
		if err != nil {
			return nil, badFrameError("hello: resume: " + err.Error())
		}
		f.resume = &at
	}
	return f, nil
}

func decodeAck(b []byte) (any, error) {
	var in struct {
		Seq *int64 `json:"seq"`
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return nil, badFrameError("ack: " + whatsWrong(err))
	}
	if in.Seq == nil || *in.Seq < 0 {
		return nil, badFrameError("ack: seq must be a position in the mailbox")
	}
	return ackFrame{*in.Seq}, nil
}

// decodePong does not ask which ping is answered: any word of the client is a sign of life.
func decodePong(b []byte) (any, error) {
	var in struct {
		N int64 `json:"n"`
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return nil, badFrameError("pong: " + whatsWrong(err))
	}
	return pongFrame{}, nil
}

func decodeWatch(b []byte) (any, error) {
	var in struct {
		Tasks []string `json:"tasks"`
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return nil, badFrameError("watch: " + whatsWrong(err))
	}
	if in.Tasks == nil {
		return nil, badFrameError("watch: tasks must be a list of ids")
	}
	return watchFrame{in.Tasks}, nil
}

// whatsWrong names the field that has another type than it should.
func whatsWrong(err error) string {
	var te *json.UnmarshalTypeError
	if errors.As(err, &te) && te.Field != "" {
		return te.Field + " must not be a " + te.Value
	}
	return "not a JSON object"
}
