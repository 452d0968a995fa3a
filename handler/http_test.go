package handler_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/handler"
)

// service serves a handler of another program, and returns the handler here that asks it.
func service(t *testing.T, secret string, serve http.HandlerFunc) lastcall.Handler {
	t.Helper()
	s := httptest.NewServer(serve)
	t.Cleanup(s.Close)
	return asks(t, handler.HTTP{URL: s.URL + "/run", Secret: secret})
}

func asks(t *testing.T, h handler.HTTP) lastcall.Handler {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	h.Client = &http.Client{Transport: transport}
	made, err := h.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func answers(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestAServiceGetsTheTaskAndItsAnswerIsTheOutput(t *testing.T) {
	r := newRun(t)
	r.task.Checkpoint = []byte(`{"page":3}`)
	var got map[string]any
	var header http.Header
	o := r.outcome(t.Context(), service(t, "", func(w http.ResponseWriter, req *http.Request) {
		header = req.Header
		_ = json.NewDecoder(req.Body).Decode(&got)
		_, _ = io.WriteString(w, `{"done":true}`+"\n")
	}))
	if o.Verdict != lastcall.Succeed || string(o.Output) != `{"done":true}` {
		t.Errorf("outcome %+v", o)
	}
	for name, want := range map[string]any{
		"id": r.task.ID, "status": "running", "done": false, "attempt": 2.0, "output": nil,
		"input": map[string]any{"n": 1.0}, "checkpoint": map[string]any{"page": 3.0},
	} {
		if diff := cmp.Diff(want, got[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Lastcall-Task-Id": r.task.ID, "Lastcall-Run": "7", "Lastcall-Attempt": "2",
		"Lastcall-Fence": "7", "Webhook-Id": r.task.ID + "_7", "Webhook-Signature": "",
	} {
		if header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, header.Get(name), want)
		}
	}
}

// The signature is checked here as its standard describes it, by another hand.
func TestATaskIsSignedAsStandardWebhooks(t *testing.T) {
	const secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	key, _ := base64.StdEncoding.DecodeString(secret)
	r := newRun(t)
	o := r.outcome(t.Context(), service(t, "whsec_"+secret, func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(req.Header.Get("Webhook-Id") + "." + req.Header.Get("Webhook-Timestamp") + "." + string(body)))
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); req.Header.Get("Webhook-Signature") != want {
			t.Errorf("the signature is %s, want %s", req.Header.Get("Webhook-Signature"), want)
		}
	}))
	if o.Verdict != lastcall.Succeed {
		t.Errorf("outcome %+v", o)
	}
}

func TestWhatAServicesAnswerSays(t *testing.T) {
	failed := func(code, message string) *lastcall.TaskError {
		return &lastcall.TaskError{Code: code, Message: message}
	}
	later := func(wait time.Duration) lastcall.Outcome {
		return lastcall.Outcome{Verdict: lastcall.Release, Reason: lastcall.ReleaseHandler, Wait: wait}
	}
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
		want  lastcall.Outcome
	}{
		{"204 is null", answers(204, ""), lastcall.Outcome{Verdict: lastcall.Succeed}},
		{"429 with a time", answers(429, "", "Retry-After", "17"), later(17 * time.Second)},
		{"503 with a date that has passed", answers(503, "", "Retry-After", "Mon, 01 Jan 2024 00:00:00 GMT"), later(lastcall.GiveBackWait(0))},
		{"503 with more than a day", answers(503, "", "Retry-After", "99999999999999999999"), later(24 * time.Hour)},
		{"429 without a time", answers(429, ""), later(lastcall.GiveBackWait(0))},
		{"422 fails for good", answers(422, "no such page\n"), lastcall.Outcome{
			Verdict: lastcall.Fail, Permanent: true,
			Error: failed("http_422", "the handler answered 422 Unprocessable Entity: no such page"),
		}},
		{"its own error", answers(400, `{"error":{"code":"no_ink","message":"refill"}}`), lastcall.Outcome{
			Verdict: lastcall.Fail, Permanent: true, Error: failed("no_ink", "refill"),
		}},
		{"500 is a failed attempt", answers(500, ""), lastcall.Outcome{
			Verdict: lastcall.Fail, Error: failed("http_500", "the handler answered 500 Internal Server Error"),
		}},
		{"a redirection is not followed", answers(307, "", "Location", "/run"), lastcall.Outcome{
			Verdict: lastcall.Fail, Error: failed("http_307", "the handler answered 307 Temporary Redirect"),
		}},
		{"no JSON", answers(200, "<html>"), lastcall.Outcome{
			Verdict: lastcall.Fail, Permanent: true,
			Error: failed("bad_output", "the output is not JSON: invalid character '<' looking for beginning of value"),
		}},
		{"a byte more than 1 MiB", answers(200, `"`+strings.Repeat("x", 1<<20-1)+`"`), lastcall.Outcome{
			Verdict: lastcall.Fail, Permanent: true,
			Error: failed("output_too_large", "the output is longer than 1048576 bytes, which is the most"),
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRun(t)
			c.want.Task, c.want.Run = r.task.ID, r.task.Run
			same(t, r.outcome(t.Context(), service(t, "", c.serve)), c.want)
		})
	}
}

// G4: where nobody listens nothing was asked of anybody, as while a service is replaced by its next version.
func TestAServiceThatIsAwayCostsNoAttempt(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	r := newRun(t)
	o := r.outcome(t.Context(), asks(t, handler.HTTP{URL: "http://" + gone.Listener.Addr().String() + "/run?key=hunter2"}))
	if o.Verdict != lastcall.Release || o.Reason != lastcall.ReleaseHandler || o.Wait < lastcall.GiveBackWait(0) {
		t.Errorf("outcome %+v %+v", o, o.Error)
	}
	if said := r.wrote(); !strings.Contains(said, "connection refused") || strings.Contains(said, "hunter2") {
		t.Errorf("the task's log says %q", said)
	}
}

func TestAServiceThatBreaksOffIsAFailedAttempt(t *testing.T) {
	for _, c := range []struct {
		name, want string
		h          lastcall.Handler
	}{
		{"reset", "connection reset by peer", service(t, "", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			_ = conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		})},
		{"cut off in the answer", "the answer was cut off", service(t, "", answers(200, `{`, "Content-Length", "100"))},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newRun(t).outcome(t.Context(), c.h)
			if o.Verdict != lastcall.Fail || o.Permanent || !strings.Contains(o.Error.Message, c.want) {
				t.Errorf("outcome %+v %+v", o, o.Error)
			}
			if strings.Contains(o.Error.Message, "hunter2") {
				t.Errorf("the client is told the URL: %s", o.Error.Message)
			}
		})
	}
}

// G8.
func TestTheEndOfTheContextClosesTheConnectionOfAServiceThatHangs(t *testing.T) {
	for _, c := range []struct {
		cause error
		want  lastcall.Verdict
	}{{lastcall.ErrCanceled, lastcall.Fail}, {lastcall.ErrDraining, lastcall.Release}, {context.DeadlineExceeded, lastcall.Fail}} {
		began, closed := make(chan struct{}), make(chan struct{})
		h := service(t, "", func(_ http.ResponseWriter, req *http.Request) {
			_, _ = io.Copy(io.Discard, req.Body)
			close(began)
			<-req.Context().Done() // which ends with the connection
			close(closed)
		})
		ctx, end := context.WithCancelCause(t.Context())
		go func() {
			<-began
			end(c.cause)
		}()
		o := newRun(t).outcome(ctx, h)
		if o.Verdict != c.want {
			t.Errorf("after %v: %+v", c.cause, o)
		}
		if c.cause == context.DeadlineExceeded && o.Error.Code != lastcall.FailureTimeout { //nolint:errorlint // a row's value
			t.Errorf("the error is %+v", o.Error)
		}
		select {
		case <-closed:
		case <-time.After(patience):
			t.Errorf("after %v the service still works", c.cause)
		}
	}
}

func TestWhatCannotBeAskedIsSaidBeforeAnyTaskIsTaken(t *testing.T) {
	for _, c := range []struct {
		http handler.HTTP
		want string
	}{
		{handler.HTTP{}, `http: "" is no URL of a handler: it must begin with http:// or https:// and a host`},
		{
			handler.HTTP{URL: "localhost:9000/run"},
			`http: "localhost:9000/run" is no URL of a handler: it must begin with http:// or https:// and a host`,
		},
		{
			handler.HTTP{URL: "lastcall:hunter2@localhost:9000/run"},
			`http: "…" is no URL of a handler: it must begin with http:// or https:// and a host`,
		},
		{
			handler.HTTP{URL: "ftp://lastcall:hunter2@h/"},
			`http: "ftp://lastcall:xxxxx@h/" is no URL of a handler: it must begin with http:// or https:// and a host`,
		},
		{handler.HTTP{URL: "http://u:hunt%er2@h/"}, "http: the URL of the handler cannot be read: invalid URL escape"},
		{handler.HTTP{URL: "http://u:hunter2/x@h/"}, "http: the URL of the handler cannot be read: invalid port"},
		{handler.HTTP{URL: "http://h", MaxOutput: -1}, "http: the limit of the output must not be negative"},
		{
			handler.HTTP{URL: "http://h", Secret: "hunter2"},
			"http: the secret must be whsec_ and then a key in base64, as of: openssl rand -base64 32",
		},
	} {
		if _, err := c.http.Handler(); err == nil || err.Error() != c.want {
			t.Errorf("%+v: %v, want %s", c.http, err, c.want)
		}
	}
}
