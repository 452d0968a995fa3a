package lastcall

import (
	"errors"
	"net/http"
	"time"
)

// Code names a kind of error for programs. It is stable: clients may switch on it.
type Code string

// Every code that an answer can carry. Nothing answers with unauthorized, rate_limited and queue_full yet: they are kept
// for tokens and for bounds of clients and queues.
const (
	CodeInvalidRequest       Code = "invalid_request"
	CodeUnauthorized         Code = "unauthorized"
	CodeForbidden            Code = "forbidden"
	CodeNotFound             Code = "not_found"
	CodeMethodNotAllowed     Code = "method_not_allowed"
	CodeNotAcceptable        Code = "not_acceptable"
	CodeLeaseLost            Code = "lease_lost"
	CodeNotRetryable         Code = "not_retryable"
	CodeNotFinished          Code = "not_finished"
	CodeTooLarge             Code = "too_large"
	CodeUnsupportedMediaType Code = "unsupported_media_type"
	CodeIdempotencyMismatch  Code = "idempotency_mismatch"
	CodeUnknownType          Code = "unknown_type"
	CodeRateLimited          Code = "rate_limited"
	CodeQueueFull            Code = "queue_full"
	CodeInternal             Code = "internal"
	CodeDraining             Code = "draining"
	CodeTooManyConnections   Code = "too_many_connections"
	CodeStoreUnavailable     Code = "store_unavailable"
)

// codes maps each code, once and for everyone, to its HTTP status and title.
var codes = map[Code]struct {
	status int
	title  string
}{
	CodeInvalidRequest:       {http.StatusBadRequest, "The request is not valid"},
	CodeUnauthorized:         {http.StatusUnauthorized, "Who are you?"},
	CodeForbidden:            {http.StatusForbidden, "Not allowed"},
	CodeNotFound:             {http.StatusNotFound, "There is no such thing"},
	CodeMethodNotAllowed:     {http.StatusMethodNotAllowed, "This path does not take that method"},
	CodeNotAcceptable:        {http.StatusNotAcceptable, "No representation is acceptable"},
	CodeLeaseLost:            {http.StatusConflict, "The run is no longer the current one"},
	CodeNotRetryable:         {http.StatusConflict, "The task cannot be retried"},
	CodeNotFinished:          {http.StatusConflict, "The task is not finished"},
	CodeTooLarge:             {http.StatusRequestEntityTooLarge, "The request is too large"},
	CodeUnsupportedMediaType: {http.StatusUnsupportedMediaType, "The body must be application/json"},
	CodeIdempotencyMismatch:  {http.StatusUnprocessableEntity, "The idempotency key was used with another body"},
	CodeUnknownType:          {http.StatusUnprocessableEntity, "No node runs this type"},
	CodeRateLimited:          {http.StatusTooManyRequests, "Too many requests"},
	CodeQueueFull:            {http.StatusTooManyRequests, "The queue is full"},
	CodeInternal:             {http.StatusInternalServerError, "Something went wrong here"},
	CodeDraining:             {http.StatusServiceUnavailable, "This node is stopping"},
	CodeTooManyConnections:   {http.StatusServiceUnavailable, "This node has all the connections it takes"},
	CodeStoreUnavailable:     {http.StatusServiceUnavailable, "The store cannot be reached"},
}

// HTTPStatus is the status that goes with c: 500 for a code that is not listed.
func (c Code) HTTPStatus() int {
	if m, ok := codes[c]; ok {
		return m.status
	}
	return http.StatusInternalServerError
}

// Title is a short sentence for people, the same for every error of the code.
func (c Code) Title() string { return codes[c].title }

// FieldError says what is wrong with one field of a request. Item is the place in a batch, nil elsewhere.
type FieldError struct {
	Item    *int   `json:"item,omitempty"`
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is an error that has a code. Detail is written for whoever sent the request; the wrapped error is for the log.
type Error struct {
	Code       Code
	Detail     string
	Fields     []FieldError  // of invalid_request
	RetryAfter time.Duration // of 429 and 503; 0: the server's default
	Err        error
}

func (e *Error) Error() string {
	s := string(e.Code)
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns what lies beneath.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error out of a code and a sentence for whoever asked.
func Errorf(code Code, detail string) *Error { return &Error{Code: code, Detail: detail} }

// CodeOf is the code of the first Error in err's chain, CodeInternal if there is none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// The causes with which a handler's context ends, beside context.DeadlineExceeded for the timeout of an attempt. Ask
// with context.Cause.
var (
	ErrDraining  = errors.New("lastcall: the node is stopping")
	ErrCanceled  = errors.New("lastcall: the task was canceled")
	ErrLeaseLost = errors.New("lastcall: the run is no longer the current one")
)
