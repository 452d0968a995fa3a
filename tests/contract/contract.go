package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lastcall-dev/lastcall/tests/exchange"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	validation "github.com/pb33f/libopenapi-validator/errors"
	"github.com/pb33f/libopenapi-validator/paths"
	"github.com/pb33f/libopenapi-validator/schema_validation"
	"github.com/pb33f/libopenapi/datamodel/high/base"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

// Contract is an openapi.yaml that exchanges are held against. It may be used concurrently.
type Contract struct {
	validator validator.Validator
	model     *v3.Document
	problem   *base.Schema
}

// everywhere are headers that belong to HTTP, and are neither declared nor forbidden.
var everywhere = []string{
	"Accept", "Accept-Encoding", "Allow", "Cache-Control", "Connection", "Content-Encoding", "Content-Length", "Content-Security-Policy",
	"Content-Type", "Date", "Expect", "Host", "Origin", "Prefer", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Websocket-Accept",
	"Sec-Websocket-Extensions", "Sec-Websocket-Key", "Sec-Websocket-Protocol", "Sec-Websocket-Version", "Transfer-Encoding",
	"Upgrade", "User-Agent", "Vary", "X-Content-Type-Options",
}

// theirs are the places in bodies where clients put what they like.
var theirs = []string{
	"$.body.input.**", "$.body.output.**", "$.body.error.detail.**", "$.body.labels.*",
	"$.body.events[*].data.**",
	"$.body.checkpoint.**", "$.body.leases[*].checkpoint.**", "$.body.leases[*].task.input.**", "$.body.leases[*].task.labels.*",
	"$.body.tasks[*].input.**", "$.body.tasks[*].output.**", "$.body.tasks[*].error.detail.**", "$.body.tasks[*].labels.*",
}

// New reads an openapi.yaml, which must be one.
func New(openapi []byte) (*Contract, error) {
	doc, err := libopenapi.NewDocument(openapi)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	built, err := doc.BuildV3Model()
	if err != nil {
		return nil, fmt.Errorf("build the contract: %w", err)
	}
	v, errs := validator.NewValidator(doc, config.WithFormatAssertions(), config.WithStrictMode(),
		config.WithStrictIgnoredHeaders(everywhere...), config.WithStrictIgnorePaths(theirs...))
	if len(errs) > 0 {
		return nil, fmt.Errorf("build the contract: %w", errors.Join(errs...))
	}
	if ok, wrong := v.ValidateDocument(); !ok {
		return nil, fmt.Errorf("the contract is no OpenAPI 3.1: %w", join(wrong))
	}
	c := &Contract{validator: v, model: &built.Model}
	problem, ok := c.model.Components.Schemas.Get("Problem")
	if !ok {
		return nil, errors.New("the contract describes no Problem")
	}
	c.problem = problem.Schema()
	return c, nil
}

// Check holds an exchange against the contract.
func (c *Contract) Check(e *exchange.Exchange) error {
	if e.Method == http.MethodHead || e.Method == http.MethodOptions {
		return nil // the file says once for all what they do
	}
	r, err := request(e)
	if err != nil {
		return err
	}
	if _, notListed, _ := paths.FindPath(r, c.model, nil); len(notListed) > 0 || trailing(r.URL.Path) {
		return c.checkUnlisted(e)
	}
	answer := response(e, r)
	defer answer.Body.Close()
	if ok, wrong := c.validator.ValidateHttpResponse(r, answer); !ok {
		return fmt.Errorf("the answer %d to %s %s breaks the contract: %w\n%s", e.Status, e.Method, e.URL, join(wrong), e.Answer)
	}
	r.Body = io.NopCloser(bytes.NewReader(e.Body))
	allowed, wrong := c.validator.ValidateHttpRequest(r)
	switch {
	case e.Status < http.StatusBadRequest && !allowed:
		return fmt.Errorf("%s %s with %.300s is taken, and the contract forbids it: %w", e.Method, e.URL, e.Body, join(wrong))
	case malformed(e) && allowed && !beyondWords(e):
		return fmt.Errorf("%s %s with %v %.300s is refused, and the contract allows it: %s", e.Method, e.URL, e.Header, e.Body, e.Answer)
	}
	return nil
}

// checkUnlisted is for paths and methods that the contract does not have: their answer is a problem that says so.
func (c *Contract) checkUnlisted(e *exchange.Exchange) error {
	code := map[int]string{404: "not_found", 405: "method_not_allowed", 403: "forbidden"}[e.Status]
	var p map[string]any
	if err := json.Unmarshal(e.Answer, &p); err != nil || p["code"] != code {
		return fmt.Errorf("%s %s is not in the contract, and is answered with %d %s", e.Method, e.URL, e.Status, e.Answer)
	}
	if ok, wrong := schema_validation.NewSchemaValidator().ValidateSchemaObject(c.problem, p); !ok {
		return fmt.Errorf("the answer to %s %s is no Problem: %w\n%s", e.Method, e.URL, join(wrong), e.Answer)
	}
	return nil
}

// trailing reports whether a path ends with a slash, which the library looks past and the server does not.
func trailing(path string) bool { return path != "/" && strings.HasSuffix(path, "/") }

func request(e *exchange.Exchange) (*http.Request, error) {
	u, err := url.Parse("http://127.0.0.1:8080" + e.URL)
	if err != nil {
		return nil, err
	}
	// OpenAPI has no words for parameters whose names begin alike; the file describes label.KEY in a sentence.
	kept := slices.DeleteFunc(strings.Split(u.RawQuery, "&"), func(p string) bool { return strings.HasPrefix(p, "label.") })
	u.RawQuery = strings.Join(kept, "&")
	if !strings.HasPrefix(u.Path, "/v1/") {
		u.RawQuery = "" // probes and pages take any
	}
	r := &http.Request{Method: e.Method, URL: u, Host: u.Host, Header: e.Header.Clone(), ContentLength: int64(len(e.Body))}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Body = io.NopCloser(bytes.NewReader(e.Body))
	return r, nil
}

func response(e *exchange.Exchange, r *http.Request) *http.Response {
	return &http.Response{
		StatusCode: e.Status, Header: e.AnswerHeader, Body: io.NopCloser(bytes.NewReader(e.Answer)),
		ContentLength: int64(len(e.Answer)), Request: r,
	}
}

// malformed reports whether a request was refused for its form.
func malformed(e *exchange.Exchange) bool {
	return e.Status == http.StatusBadRequest || e.Status == http.StatusUnsupportedMediaType
}

// join is all that is wrong as one error.
func join(wrong []*validation.ValidationError) error {
	errs := make([]error, 0, len(wrong))
	for _, w := range wrong {
		errs = append(errs, errors.New(w.Message+": "+w.Reason))
		for _, s := range w.SchemaValidationErrors {
			errs = append(errs, fmt.Errorf("    at %s %s: %s", s.KeywordLocation, s.FieldPath, s.Reason))
		}
	}
	return errors.Join(errs...)
}
