package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// problemBase and a code are the type of a problem: an identifier, stable, and not meant to be fetched by programs.
const problemBase = "https://lastcall.dev/problems/"

// defaultRetryAfter is what a 429 or 503 asks for where the error says nothing: about as long as a restart takes.
const defaultRetryAfter = 2 * time.Second

// problem is the body of every error: RFC 9457, with the code and the fields as extensions.
type problem struct {
	Type   string                `json:"type"`
	Title  string                `json:"title"`
	Status int                   `json:"status"`
	Detail string                `json:"detail,omitempty"`
	Code   lastcall.Code         `json:"code"`
	Errors []lastcall.FieldError `json:"errors,omitempty"`
}

// fail logs an error if it is one of ours and answers it.
func (c *call) fail(err error) {
	var e *lastcall.Error
	if !errors.As(err, &e) {
		e = &lastcall.Error{Code: lastcall.CodeInternal, Err: err}
	}
	if status := e.Code.HTTPStatus(); status >= http.StatusInternalServerError && e.Code != lastcall.CodeDraining {
		level := slog.LevelWarn // the store says itself what ails it
		if status == http.StatusInternalServerError {
			level = slog.LevelError
		}
		if errors.Is(err, context.Canceled) && c.ctx().Err() != nil {
			level = slog.LevelDebug // the client went away
		}
		c.api.Logger.Log(c.ctx(), level, "request failed", "method", c.r.Method, "path", c.r.URL.Path, "error", err)
	}
	c.problem(e)
	c.api.Refused(e.Code)
}

// problem answers with an error. Nothing of what an internal error says leaves the house.
func (c *call) problem(e *lastcall.Error) {
	p := problem{
		Type: problemBase + string(e.Code), Title: e.Code.Title(), Status: e.Code.HTTPStatus(),
		Detail: e.Detail, Code: e.Code, Errors: e.Fields,
	}
	if p.Title == "" || e.Code == lastcall.CodeInternal {
		p.Code, p.Type = lastcall.CodeInternal, problemBase+string(lastcall.CodeInternal)
		p.Title, p.Detail, p.Errors = lastcall.CodeInternal.Title(), "the log of the server says more", nil
	}
	if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		c.w.Header().Set("Retry-After", retryAfter(e.RetryAfter))
	}
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers: cannot fail
		panic(err)
	}
	c.answer(p.Status, typeProblem, body)
}

// WriteProblem answers with an error for those to whom a request has been handed over, such as Sockets, in the one shape
// that all errors have.
func WriteProblem(w http.ResponseWriter, r *http.Request, d Drain, e *lastcall.Error) {
	c := &call{api: &api{Options: Options{Drain: d}}, w: w, r: r}
	c.problem(e)
}

// retryAfter is a Retry-After in whole seconds, rounded up, so that nobody comes early.
func retryAfter(d time.Duration) string {
	if d <= 0 {
		d = defaultRetryAfter
	}
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}

// invalid is an invalid_request about the given fields.
func invalid(fields ...lastcall.FieldError) error {
	detail := "one field is not valid"
	if len(fields) != 1 {
		detail = strconv.Itoa(len(fields)) + " fields are not valid"
	}
	return &lastcall.Error{Code: lastcall.CodeInvalidRequest, Detail: detail, Fields: fields}
}

func field(name, message string) lastcall.FieldError {
	return lastcall.FieldError{Field: name, Message: message}
}
