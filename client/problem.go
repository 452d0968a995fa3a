package client

import (
	"encoding/json"
	"mime"
	"net/http"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// refused is an answer that says no.
func refused(resp *http.Response, body []byte) *failure {
	f := &failure{status: resp.StatusCode, after: retryAfter(resp.Header, time.Now())}
	e := readProblem(resp, body)
	e.RetryAfter = f.after
	f.err = e
	return f
}

// readProblem reads a problem (RFC 9457). What is none comes from something between here and the server, or from no
// lastcall at all: it is internal, and its detail says what was answered.
func readProblem(resp *http.Response, body []byte) *lastcall.Error {
	var p struct {
		Code   lastcall.Code         `json:"code"`
		Detail string                `json:"detail"`
		Errors []lastcall.FieldError `json:"errors"`
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != "application/problem+json" || json.Unmarshal(body, &p) != nil || p.Code == "" {
		return lastcall.Errorf(lastcall.CodeInternal, "the answer was "+resp.Status+", and not in lastcall's words")
	}
	return &lastcall.Error{Code: p.Code, Detail: p.Detail, Fields: p.Errors}
}
