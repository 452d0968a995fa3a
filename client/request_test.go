package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lastcall-dev/lastcall"
)

// seen is a request as it arrived.
type seen struct {
	method, uri, key, name, body string
}

// script answers requests one after the other with its steps, and the rest with the last one.
type script struct {
	mu    sync.Mutex
	steps []http.HandlerFunc
	seen  []seen
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.seen = append(s.seen, seen{r.Method, r.RequestURI, r.Header.Get("Idempotency-Key"), r.Header.Get("Lastcall-Client"), string(body)})
	step := s.steps[0]
	if len(s.steps) > 1 {
		s.steps = s.steps[1:]
	}
	s.mu.Unlock()
	step(w, r)
}

// all are the requests so far.
func (s *script) all() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func refuses(code lastcall.Code, detail string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(code.HTTPStatus())
		_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "detail": detail})
	}
}

// breaks cuts the connection without an answer.
func breaks(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// play starts a server that follows the steps, and a client of it that does not wait long between repeats.
func play(t *testing.T, options []Option, steps ...http.HandlerFunc) (*Client, *script) {
	t.Helper()
	s := &script{steps: steps}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return quick(t, server.URL, options...), s
}

func quick(t *testing.T, address string, options ...Option) *Client {
	t.Helper()
	c, err := New(address, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	c.backoff = lastcall.Backoff{Base: time.Millisecond, Max: 2 * time.Millisecond}
	return c
}

// G1: a submit whose answers are lost is repeated under one key until there is one.
func TestASubmitIsRepeatedUnderOneKey(t *testing.T) {
	var waits []error
	c, s := play(t, []Option{WithName("alice"), OnRetry(func(err error, _ time.Duration) { waits = append(waits, err) })},
		breaks, refuses(lastcall.CodeStoreUnavailable, "away"), says(502, "<html>"), says(202, `{"id":"7","status":"queued"}`))
	done, err := c.Submit(t.Context(), lastcall.Submission{Type: "echo", Input: json.RawMessage(`[1, "<&>"]`), Delay: 90 * time.Second})
	if err != nil || done.Task.ID != "7" || done.Task.Status != lastcall.Queued || done.Replayed {
		t.Fatalf("submit: %+v, %v", done, err)
	}
	all := s.all()
	if len(all) != 4 || len(waits) != 3 || all[0].key == "" {
		t.Fatalf("%d requests, %d waits, first under key %q", len(all), len(waits), all[0].key)
	}
	want := seen{"POST", "/v1/tasks", all[0].key, "alice", `{"type":"echo","input":[1,"<&>"],"delay":"1m30s"}`}
	for _, got := range all {
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(seen{})); diff != "" {
			t.Error(diff)
		}
	}
	other, err := c.Submit(t.Context(), lastcall.Submission{Type: "echo", Idempotency: &lastcall.IdempotencyKey{Key: "mine"}})
	if err != nil || s.all()[4].key != "mine" {
		t.Fatalf("a key of one's own: %+v, %v", other, err)
	}
}

func TestARepeatWaitsAsLongAsTheServerAsksFor(t *testing.T) {
	asks := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "60")
		refuses(lastcall.CodeDraining, "this node is stopping")(w, r)
	}
	c, s := play(t, []Option{WithPatience(50 * time.Millisecond)}, asks)
	began := time.Now()
	_, err := c.Submit(t.Context(), lastcall.Submission{Type: "echo"})
	e, ok := errors.AsType[*lastcall.Error](err)
	if !ok || e.Code != lastcall.CodeDraining || e.Detail != "this node is stopping" || e.RetryAfter != time.Minute {
		t.Fatalf("submit: %v", err)
	}
	if n := len(s.all()); n != 2 || time.Since(began) < 50*time.Millisecond {
		t.Errorf("%d requests in %s: a wait past all patience is cut short, and all of it is used", n, time.Since(began))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	c.patience = time.Hour
	if _, err := c.Submit(ctx, lastcall.Submission{Type: "echo"}); lastcall.CodeOf(err) != lastcall.CodeDraining {
		t.Errorf("a wait that the context ends says what it waited for: %v", err)
	}
}

// Whoever goes on asking at once, having been told that they ask too much, is told so for longer.
func TestWhoAsksTooMuchDoesNotAskEarly(t *testing.T) {
	c, s := play(t, []Option{WithPatience(50 * time.Millisecond)}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "60")
		refuses(lastcall.CodeRateLimited, "too many")(w, r)
	})
	if _, err := c.Task(t.Context(), "7"); lastcall.CodeOf(err) != lastcall.CodeRateLimited || len(s.all()) != 1 {
		t.Errorf("%d requests, %v", len(s.all()), err)
	}
}

// With nobody there all of the time is used, to the last try at its end; and what is told then is why, and not that a
// context has ended.
func TestAllPatienceIsUsedAndTheErrorSaysWhy(t *testing.T) {
	const patience = 300 * time.Millisecond
	for name, bounded := range map[string]bool{"by the client": false, "by the context, too": true} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if bounded {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, patience)
				defer cancel()
			}
			c := quick(t, "http://127.0.0.1:1", WithPatience(patience))
			c.backoff = lastcall.Backoff{Base: time.Minute, Max: time.Minute} // far more than is left
			began := time.Now()
			_, err := c.Task(ctx, "7")
			if took := time.Since(began); !errors.Is(err, syscall.ECONNREFUSED) || took < patience {
				t.Errorf("after %s: %v", took, err)
			}
		})
	}
}

func TestPatienceEnds(t *testing.T) {
	c, s := play(t, []Option{WithPatience(0)}, breaks)
	if _, err := c.Task(t.Context(), "7"); err == nil || len(s.all()) != 1 {
		t.Errorf("without patience: %d requests, %v", len(s.all()), err)
	}
	c, s = play(t, []Option{WithPatience(20 * time.Millisecond)}, breaks)
	if _, err := c.Task(t.Context(), "7"); err == nil || len(s.all()) < 2 {
		t.Errorf("with some: %d requests, %v", len(s.all()), err)
	}
}

func TestWhatWouldBeDoneTwiceIsNotRepeated(t *testing.T) {
	for name, do := range map[string]func(*Client) error{
		"retry": func(c *Client) error { _, err := c.Retry(t.Context(), "7"); return err },
		"drain": func(c *Client) error { _, err := c.StartDrain(t.Context()); return err },
	} {
		c, s := play(t, nil, breaks, says(200, `{}`))
		if err := do(c); err == nil || len(s.all()) != 1 {
			t.Errorf("%s: %d requests, %v", name, len(s.all()), err)
		}
		c, s = play(t, nil, refuses(lastcall.CodeDraining, ""), says(200, `{}`))
		if err := do(c); err != nil || len(s.all()) != 2 {
			t.Errorf("%s, refused by a node that drains: %d requests, %v", name, len(s.all()), err)
		}
	}
}

func TestADeleteWhoseAnswerWasLostIsDone(t *testing.T) {
	c, _ := play(t, nil, breaks, refuses(lastcall.CodeNotFound, ""))
	if err := c.Delete(t.Context(), "7"); err != nil {
		t.Errorf("delete: %v", err)
	}
	c, _ = play(t, nil, refuses(lastcall.CodeNotFound, ""))
	if err := c.Delete(t.Context(), "7"); lastcall.CodeOf(err) != lastcall.CodeNotFound {
		t.Errorf("one that was never there: %v", err)
	}
	c, _ = play(t, nil, refuses(lastcall.CodeDraining, ""), refuses(lastcall.CodeNotFound, ""))
	if err := c.Delete(t.Context(), "7"); lastcall.CodeOf(err) != lastcall.CodeNotFound {
		t.Errorf("one that was never there, of which a draining node has done nothing: %v", err)
	}
}

func TestAProblemIsAnErrorWithItsCode(t *testing.T) {
	bad := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"code":"invalid_request","detail":"one field","errors":[{"item":3,"field":"type","message":"is required"}]}`)
	}
	c, _ := play(t, nil, bad)
	_, err := c.SubmitBatch(t.Context(), []lastcall.Submission{{}})
	e, ok := errors.AsType[*lastcall.Error](err)
	if !ok || e.Code != lastcall.CodeInvalidRequest || len(e.Fields) != 1 || *e.Fields[0].Item != 3 || e.Fields[0].Field != "type" {
		t.Fatalf("submit batch: %#v", err)
	}
	c, _ = play(t, nil, says(404, `{"message":"no route"}`))
	if _, err := c.Task(t.Context(), "7"); lastcall.CodeOf(err) != lastcall.CodeInternal || !strings.Contains(err.Error(), "404 Not Found") {
		t.Errorf("what is not lastcall's: %v", err)
	}
	c, _ = play(t, nil, says(200, `{"id":`))
	if _, err := c.Task(t.Context(), "7"); err == nil || !strings.Contains(err.Error(), "task: read the answer") {
		t.Errorf("half an answer: %v", err)
	}
}

func TestAnAddressIsCheckedBeforeAnythingIsSent(t *testing.T) {
	for _, address := range []string{"", "127.0.0.1:8080", "ftp://host", "http://", "http://u:p@host", "http://host?x=1", "http://%zz"} {
		if _, err := New(address); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
	for _, o := range []Option{WithName(""), WithName("a\x00"), WithPatience(-1)} {
		if _, err := New("http://host", o); err == nil {
			t.Error("an option that cannot be was taken")
		}
	}
	h := &http.Client{}
	c, err := New("https://host/below/", WithHTTPClient(h), WithHeader("Authorization", "Bearer x"))
	if err != nil || c.url("/v1/tasks", nil) != "https://host/below/v1/tasks" || c.http != h || c.header.Get("Authorization") != "Bearer x" {
		t.Errorf("%+v, %v", c, err)
	}
}
