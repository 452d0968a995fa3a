package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// HTTP runs a task by a POST of the task to a URL: the JSON of the REST API, less its urls, and with "checkpoint" where
// an earlier run left one. The answer is the outcome:
//
//	2xx          the body is the output; nothing stands for null. As application/x-ndjson it says more (stream.go)
//	429, 503     handed back at no cost, for as long as Retry-After says (24 h at most), else 1 s, growing to 60 s
//	other 4xx    failed for good
//	the rest     a failed attempt: 5xx, a connection that is refused, reset or cut off, a redirection (which is not
//	             followed: what takes tasks is named in the configuration, and nowhere else)
//
// A failed task's error has the code http_STATUS and the beginning of the body as its message, unless that is
// {"error":{"code":…,"message":…,"detail":…}}: then it is that. The body of a failure goes to the run's log as well.
//
// With a Secret the request is signed as Standard Webhooks. Its webhook-id is TASK_RUN: another for each run, and the
// same should the network deliver a request twice. The headers Lastcall-Task-Id, Lastcall-Run, Lastcall-Attempt and
// Lastcall-Fence say what they are called. When the context ends the connection is closed; beside it there is no
// timeout but those for getting a connection. Proxies of the environment are not used.
type HTTP struct {
	URL       string
	Secret    string       // whsec_ and base64; "" leaves requests unsigned
	Client    *http.Client // redirections apart, as it is; one for this handler alone
	MaxOutput int          // bytes of an answer; 1 MiB
}

// Handler checks the URL and the secret.
func (h HTTP) Handler() (lastcall.Handler, error) {
	u, err := url.Parse(h.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("http: the URL of the handler cannot be read: %s", unread(err))
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, fmt.Errorf("http: %q is no URL of a handler: it must begin with http:// or https:// and a host", shown(u))
	case h.MaxOutput < 0:
		return nil, errors.New("http: the limit of the output must not be negative")
	}
	key, err := parseSecret(h.Secret)
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	if h.MaxOutput == 0 {
		h.MaxOutput = lastcall.DefaultLimits().Output
	}
	client := http.Client{Transport: transport()}
	if h.Client != nil {
		client = *h.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &httpHandler{url: h.URL, key: key, client: &client, most: h.MaxOutput}, nil
}

// unread is what is wrong with a URL, without a word of it: where its password is, if it has one, nobody knows.
func unread(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	what, _, _ := strings.Cut(err.Error(), `"`)
	return strings.TrimSpace(what)
}

// shown is a URL without its password. What stands before an @ in the wrong place may be one.
func shown(u *url.URL) string {
	if s := u.Redacted(); u.User != nil || !strings.Contains(s, "@") {
		return s
	}
	return "…"
}

// transport reaches a handler, and gives up only on one that cannot be reached.
func transport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 64, // a node's concurrency by default
		// Less than the servers in use keep one: a request must not meet the other side's closing, as it cannot be known
		// whether that one has begun to work.
		IdleConnTimeout:    time.Second,
		DisableCompression: true, // the limit is on what is sent
	}
}

type httpHandler struct {
	url    string
	key    []byte // nil: unsigned
	client *http.Client
	most   int // bytes of an answer
}

// Handle asks, and makes an outcome of the answer.
func (h *httpHandler) Handle(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
	run := lastcall.RunFrom(ctx)
	req, err := h.request(ctx, run)
	if err != nil {
		return nil, err
	}
	resp, err := h.client.Do(req)
	if err != nil {
		return nil, away(run, notBegun(unreached(ctx, err)))
	}
	defer resp.Body.Close()
	if streams(resp) {
		return h.stream(ctx, run, resp.Body)
	}
	a := answer{Response: resp, output: output{most: h.most}}
	if err := a.readFrom(resp.Body); err != nil && !a.over {
		return nil, unreached(ctx, fmt.Errorf("the answer was cut off: %w", err))
	}
	return a.outcome(run, time.Now())
}

// unreached says why there is no answer: that the context has ended, if it has, as all else follows from that. The URL
// stays out of it: it may hold a password, and the client of a task need not know it.
func unreached(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return fmt.Errorf("the handler gave no answer: %w", err)
}

func (h *httpHandler) request(ctx context.Context, run lastcall.Run) (*http.Request, error) {
	body, err := taskBody(run)
	if err != nil {
		return nil, fmt.Errorf("encode the task: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	t := run.Task()
	id := t.ID + "_" + strconv.FormatInt(t.Run, 10)
	at := strconv.FormatInt(time.Now().Unix(), 10)
	for name, value := range map[string]string{
		"Content-Type":      "application/json",
		"Accept":            "application/json, " + streamType,
		"User-Agent":        "lastcall",
		"Lastcall-Task-Id":  t.ID,
		"Lastcall-Run":      strconv.FormatInt(t.Run, 10),
		"Lastcall-Attempt":  strconv.Itoa(run.Attempt()),
		"Lastcall-Fence":    strconv.FormatInt(run.Fence(), 10),
		"Webhook-Id":        id,
		"Webhook-Timestamp": at,
	} {
		req.Header.Set(name, value)
	}
	if h.key != nil {
		req.Header.Set("Webhook-Signature", sign(h.key, id, at, body))
	}
	return req, nil
}

// taskBody is the task as on the wire, less its urls. A checkpoint that is not JSON (a handler in Go may have left one)
// is a string in base64.
func taskBody(run lastcall.Run) ([]byte, error) {
	t, kept := run.Task(), run.LastCheckpoint()
	var checkpoint any
	switch {
	case json.Valid(kept):
		checkpoint = json.RawMessage(kept)
	case kept != nil:
		checkpoint = kept
	}
	return json.Marshal(struct {
		lastcall.Task

		Done       bool `json:"done"`
		Checkpoint any  `json:"checkpoint,omitempty"`
	}{t, t.Status.Done(), checkpoint})
}
