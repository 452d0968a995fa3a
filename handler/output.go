package handler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/lastcall-dev/lastcall"
)

// output is what a handler of another language answers, as far as it may go.
type output struct {
	most  int // bytes
	bytes []byte
	over  bool // there is more than that
}

// readFrom reads to the end, or until it is too much. What cuts it short leaves what has come.
func (o *output) readFrom(r io.Reader) error {
	var err error
	o.bytes, err = io.ReadAll(io.LimitReader(r, int64(o.most)+1))
	o.over = len(o.bytes) > o.most
	return err
}

func (o *output) tooLarge() error {
	return lastcall.Permanent(&lastcall.TaskError{
		Code:    lastcall.FailureOutputLarge,
		Message: fmt.Sprintf("the output is longer than %d bytes, which is the most", o.most),
	})
}

// json is the output of a task; nothing is null. What is not JSON will not be the next time: it fails for good.
func (o *output) json() (json.RawMessage, error) {
	b := bytes.TrimSpace(o.bytes)
	if len(b) == 0 {
		return nil, nil
	}
	err := json.Unmarshal(b, new(json.RawMessage))
	if err == nil && !utf8.Valid(b) {
		err = fmt.Errorf("it is not UTF-8") //nolint:perfsprint // beside its like
	}
	if err != nil {
		return nil, lastcall.Permanent(&lastcall.TaskError{
			Code: lastcall.FailureBadOutput, Message: fmt.Sprintf("the output is not JSON: %v", err),
		})
	}
	return b, nil
}

// ownError is the error that a handler of another language gives in its own words, {"error":{"code":…,"message":…,
// "detail":…}}; nil if it says something else, or nothing.
func ownError(b []byte) *lastcall.TaskError {
	var said struct {
		Error *struct {
			Code    string          `json:"code"`
			Message string          `json:"message"`
			Detail  json.RawMessage `json:"detail"`
		} `json:"error"`
	}
	if json.Unmarshal(b, &said) != nil || said.Error == nil || said.Error.Code+said.Error.Message == "" {
		return nil //nolint:nilerr // it says something else, and may
	}
	e := said.Error
	return &lastcall.TaskError{Code: e.Code, Message: e.Message, Detail: e.Detail}
}
