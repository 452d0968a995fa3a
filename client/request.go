package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// request is a call of the API, which may be sent several times.
type request struct {
	verb   string // what it does, for errors
	method string
	path   string
	query  url.Values
	header map[string]string
	body   any // sent as JSON; nil: nothing
	risk   risk
	// undone is what a repeat is answered with when an earlier try has done it already; then all is well.
	undone lastcall.Code
	// endless is set where the caller's context alone bounds the repeats.
	endless bool
}

// answer is what came back with a 2xx.
type answer struct {
	header http.Header
	body   []byte
}

// into decodes the answer's JSON.
func (a *answer) into(out any) error {
	if err := json.Unmarshal(a.body, out); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

// get is request with an answer in JSON, decoded into out.
func (c *Client) get(ctx context.Context, r *request, out any) error {
	a, err := c.do(ctx, r)
	if err != nil {
		return err
	}
	if err := a.into(out); err != nil {
		return fmt.Errorf("%s: %w", r.verb, err)
	}
	return nil
}

// do sends a request until it is answered, may not be repeated, or patience ends.
func (c *Client) do(ctx context.Context, r *request) (*answer, error) {
	body, err := encode(r.body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.verb, err)
	}
	began, unsure := time.Now(), false
	var last *failure
	for try := 1; ; try++ {
		a, f := c.send(ctx, r, body)
		switch {
		case f == nil:
			return a, nil
		case ctx.Err() != nil && last != nil:
			return nil, fmt.Errorf("%s: %w", r.verb, last.err) // says more than that the time is up
		case unsure && lastcall.CodeOf(f.err) == r.undone:
			return &answer{}, nil
		}
		unsure = unsure || !f.transient(doubles)
		wait, ok := f.wait(c.backoff, try, c.jitter()), true
		if !r.endless {
			wait, ok = f.within(c.patience-time.Since(began), wait)
		}
		if ctx.Err() != nil || !ok || !f.transient(r.risk) {
			return nil, fmt.Errorf("%s: %w", r.verb, f.err)
		}
		c.onRetry(f.err, wait)
		if sleep(ctx, wait) != nil {
			return nil, fmt.Errorf("%s: %w", r.verb, f.err)
		}
		last = f
	}
}

// encode writes a body; nil is none. Raw JSON in it loses its blanks and keeps its characters: encoding/json would escape
// some of them for the sake of web pages.
func encode(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// send sends a request once.
func (c *Client) send(ctx context.Context, r *request, body []byte) (*answer, *failure) {
	req, err := http.NewRequestWithContext(ctx, r.method, c.url(r.path, r.query), bytes.NewReader(body))
	if err != nil {
		return nil, &failure{err: err}
	}
	req.Header = c.header.Clone()
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, &failure{err: err, unsent: noConnection(err)}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, &failure{err: err}
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return nil, refused(resp, text)
	}
	return &answer{resp.Header, text}, nil
}

// sleep waits, or returns early with why ctx ended.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
