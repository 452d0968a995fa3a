package httpapi

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// call is one request on its way through.
type call struct {
	api      *api
	w        http.ResponseWriter
	r        *http.Request
	name     string // of the task or queue in the path
	answered bool   // something may have left already

	underway bool // it has arrived whole, and has no answer yet
	term     int  // of Underway

	asked context.CancelFunc // ends what was made by lasting; nil: nothing was

	location, length [1]string // values of headers, which need no memory of their own here
}

// ServeHTTP answers one request, whatever happens.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{api: a, w: w, r: r}
	defer c.leaves()
	defer c.endLasting()
	defer func() {
		if v := recover(); v != nil {
			c.rescue(v)
		}
	}()
	if r.ContentLength == 0 {
		c.arrived()
	}
	if err := c.serve(); err != nil {
		c.fail(err)
	}
}

// arrived notes that all of the request is here, once: a body of no bytes is here with its head, and arrives again when it
// is read.
func (c *call) arrived() {
	if !c.underway {
		c.underway, c.term = true, c.api.Underway.Arrived()
	}
}

// leaves notes that the answer is known. That it is taken is the client's affair.
func (c *call) leaves() {
	if c.underway {
		c.underway = false
		c.api.Underway.Answered(c.term)
	}
}

func (c *call) serve() error {
	a := c.api
	rt, name := a.find(c.r.URL)
	if err := a.guard(c.r); err != nil {
		return err
	}
	if rt == nil {
		return lastcall.Errorf(lastcall.CodeNotFound, "there is nothing at this path; GET / says what there is")
	}
	do := rt.methods[c.r.Method]
	if do == nil {
		c.w.Header().Set("Allow", rt.allow)
		if c.r.Method == http.MethodOptions {
			c.answer(http.StatusNoContent, nil, nil)
			return nil
		}
		return lastcall.Errorf(lastcall.CodeMethodNotAllowed, "this path takes "+rt.allow)
	}
	c.name = name
	return do(c)
}

// answer is the only way out for an answer. The body is whole and its length is said, so that nobody takes a half for
// the whole. The moment of the answer, not of the request, decides whether a draining node closes the connection: a
// call that waited may have begun long before the signal. HTTP/2 has its own way to say so (GOAWAY, by the
// http.Server).
func (c *call) answer(status int, contentType []string, body []byte) {
	h := c.w.Header()
	if contentType != nil {
		h["Content-Type"] = contentType
		c.length[0] = strconv.Itoa(len(body))
		h["Content-Length"] = c.length[:]
		h["X-Content-Type-Options"] = nosniff
	}
	if _, ok := h["Cache-Control"]; !ok {
		h["Cache-Control"] = noStore
	}
	c.sayIfLeaving()
	c.leaves()
	c.answered = true
	c.w.WriteHeader(status)
	write(c.w, body)
}

func (c *call) sayIfLeaving() {
	if c.r.ProtoMajor == 1 && c.api.Drain.Leaving() {
		c.w.Header().Set("Connection", "close")
	}
}

// handOver leaves the answer to someone else.
func (c *call) handOver(to http.HandlerFunc) {
	c.sayIfLeaving()
	c.answered = true
	c.leaves()
	to(c.w, c.r)
}

// Header values that are the same for everyone, made once: a submit sets six. Nobody writes to the slices.
var (
	noStore = []string{"no-store"}
	nosniff = []string{"nosniff"}

	typeJSON    = []string{applicationJSON}
	typeProblem = []string{"application/problem+json"}
	typeYAML    = []string{"application/yaml"} // RFC 9512
	typeText    = []string{"text/plain; charset=utf-8"}
	typeHTML    = []string{"text/html; charset=utf-8"}
)

const applicationJSON = "application/json"

// rescue turns a panic into a 500, or, where an answer may be under way, into a cut connection: a client must never
// take half an answer for a whole one.
func (c *call) rescue(v any) {
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	c.api.Logger.Error("panic", "method", c.r.Method, "path", c.r.URL.Path, "value", v, "stack", string(debug.Stack()))
	if c.answered {
		panic(http.ErrAbortHandler)
	}
	c.problem(&lastcall.Error{Code: lastcall.CodeInternal})
}

// ctx is the request's context, for what waits: it ends when the client is gone.
func (c *call) ctx() context.Context { return c.r.Context() }

// askTimeout bounds what is asked of the store: more than the stores themselves give a call that they have begun with, so
// that it ends the wait for one that does not get its turn.
const askTimeout = 20 * time.Second

var errLate = lastcall.Errorf(lastcall.CodeStoreUnavailable, "the store has not answered in time")

// lasting is for what is asked of the store, which takes a moment. It does not end with the client: one that has ended
// its half of the connection cannot be told from one that is gone, and has a right to its answer. What was asked before by
// this call is answered.
func (c *call) lasting() context.Context {
	c.endLasting()
	ctx, end := context.WithTimeoutCause(context.WithoutCancel(c.r.Context()), askTimeout, errLate)
	c.asked = end
	return ctx
}

func (c *call) endLasting() {
	if c.asked != nil {
		c.asked()
	}
}
