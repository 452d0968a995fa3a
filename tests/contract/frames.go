package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/pb33f/go-yaml"
	"github.com/pb33f/jsonschema/v6"
)

// Frames is an asyncapi.yaml that the frames of a WebSocket are held against: a message is a JSON Schema. It may be used
// concurrently.
type Frames struct {
	kinds map[string]kind // by t
}

// kind is one kind of frame.
type kind struct {
	action string // of the server: receive, send
	schema *jsonschema.Schema
	fields map[string]json.RawMessage
}

// asyncapi is what is needed of the file.
type asyncapi struct {
	Operations map[string]struct {
		Action   string `json:"action"`
		Messages []struct {
			Ref string `json:"$ref"`
		} `json:"messages"`
	} `json:"operations"`
	Components struct {
		Messages map[string]struct {
			Payload struct {
				Properties map[string]json.RawMessage `json:"properties"`
			} `json:"payload"`
			Examples []struct {
				Payload json.RawMessage `json:"payload"`
			} `json:"examples"`
		} `json:"messages"`
	} `json:"components"`
}

// NewFrames reads an asyncapi.yaml. Its examples must keep it.
func NewFrames(file []byte) (*Frames, error) {
	var doc any
	if err := yaml.Unmarshal(file, &doc); err != nil {
		return nil, fmt.Errorf("read the contract of frames: %w", err)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("read the contract of frames: %w", err)
	}
	var a asyncapi
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, fmt.Errorf("read the contract of frames: %w", err)
	}
	f := &Frames{kinds: map[string]kind{}}
	if err := f.compile(text, &a); err != nil {
		return nil, fmt.Errorf("build the contract of frames: %w", err)
	}
	for t, m := range a.Components.Messages {
		for _, e := range m.Examples {
			if err := f.check(t, f.kinds[t].action, e.Payload); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}

// address is what the file is called while its references are resolved.
const address = "asyncapi.json"

func (f *Frames) compile(text []byte, a *asyncapi) error {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	if err := compiler.AddResource(address, doc); err != nil {
		return err
	}
	for _, o := range a.Operations {
		for _, m := range o.Messages {
			t := path.Base(m.Ref)
			schema, err := compiler.Compile(address + "#/components/messages/" + t + "/payload")
			if err != nil {
				return err
			}
			f.kinds[t] = kind{o.Action, schema, a.Components.Messages[t].Payload.Properties}
		}
	}
	if len(f.kinds) != len(a.Components.Messages) {
		return errors.New("a message belongs to no operation")
	}
	return nil
}

// Sent holds a frame of the server against the contract, and says of which kind it is.
func (f *Frames) Sent(frame []byte) (t string, err error) { return f.sniff("send", frame) }

// Taken holds a frame that a client sends against the contract.
func (f *Frames) Taken(frame []byte) (t string, err error) { return f.sniff("receive", frame) }

// Kinds lists the frames that the server sends.
func (f *Frames) Kinds() []string {
	var all []string
	for t, k := range f.kinds {
		if k.action == "send" {
			all = append(all, t)
		}
	}
	slices.Sort(all)
	return all
}

func (f *Frames) sniff(action string, frame []byte) (string, error) {
	var head struct {
		T string `json:"t"`
	}
	if err := json.Unmarshal(frame, &head); err != nil {
		return "", fmt.Errorf("frame %s: %w", frame, err)
	}
	return head.T, f.check(head.T, action, frame)
}

func (f *Frames) check(t, action string, frame []byte) error {
	k, known := f.kinds[t]
	if !known || k.action != action {
		return fmt.Errorf("the contract has no frame %s to %s: %s", t, action, frame)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(frame))
	if err != nil {
		return fmt.Errorf("frame %s: %w", frame, err)
	}
	if err := k.schema.Validate(v); err != nil {
		return fmt.Errorf("frame %s breaks the contract: %w", frame, err)
	}
	fields, isObject := v.(map[string]any)
	if !isObject {
		return fmt.Errorf("frame %s is no object", frame)
	}
	for name := range fields {
		if k.fields[name] == nil {
			return fmt.Errorf("frame %s has a field that the contract does not name: %s", frame, name)
		}
	}
	return nil
}
