package contract

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall/httpapi"
	"github.com/lastcall-dev/lastcall/tests/exchange"
)

// load reads the contract that the server serves.
func load(t *testing.T) *Contract {
	t.Helper()
	c, err := New(httpapi.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// noted runs the tests of package httpapi and returns what they asked and were answered.
func noted(t *testing.T) []exchange.Exchange {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "./httpapi")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), exchange.Directory+"="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go test ./httpapi: %v\n%s", err, out)
	}
	all, err := exchange.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryExchangeOfTheTestsKeepsTheContractAndEveryAnswerOfItIsSeen(t *testing.T) {
	c := load(t)
	unseen := map[string]bool{}
	for _, answer := range c.Answers() {
		unseen[answer] = true
	}
	all := noted(t)
	for i := range all {
		if err := c.Check(&all[i]); err != nil {
			t.Error(err)
		}
		delete(unseen, c.Answer(&all[i]))
	}
	for answer := range unseen {
		t.Errorf("the contract lists %s, and no test has seen it", answer)
	}
	t.Logf("%d exchanges, %d kinds of answers", len(all), len(c.Answers()))
}

// The judge is judged: each of these breaks the contract in one way.
func TestWhatBreaksTheContractIsFound(t *testing.T) {
	c := load(t)
	json, problem := http.Header{"Content-Type": {"application/json"}}, http.Header{"Content-Type": {"application/problem+json"}}
	queues := exchange.Exchange{
		Method: "GET", URL: "/v1/queues", Header: http.Header{}, Status: 200, AnswerHeader: json,
		Answer: []byte(`{"queues":[{"queue":"q","queued":1,"scheduled":0,"running":0,"paused":false,"oldest_queued_age_ms":null}],` +
			`"totals":{"queued":1,"scheduled":0,"running":0}}`),
	}
	refusal := exchange.Exchange{
		Method: "GET", URL: "/v1/queues?x=1", Header: http.Header{}, Status: 400, AnswerHeader: problem,
		Answer: []byte(`{"type":"https://lastcall.dev/problems/invalid_request","title":"t","status":400,"code":"invalid_request"}`),
	}
	unlisted := exchange.Exchange{
		Method: "GET", URL: "/nothing", Header: http.Header{}, Status: 404, AnswerHeader: problem,
		Answer: []byte(`{"type":"https://lastcall.dev/problems/not_found","title":"t","status":404,"code":"not_found"}`),
	}
	events := exchange.Exchange{
		Method: "GET", URL: "/v1/events?after=e:1", Header: http.Header{}, Status: 200, AnswerHeader: json,
		Answer: []byte(`{"events":[{"seq":5,"id":"0191","type":"task.failed","task":"0190","run":1,"attempt":1,"at":"2026-01-02T03:04:05Z",` +
			`"data":{"error":{"code":"theirs","more":1}},"cursor":"e:5"}],"cursor":"e:5","gap":{"why":"epoch","cursor":"e:4"}}`),
	}
	batch := exchange.Exchange{
		Method: "POST", URL: "/v1/tasks:batch", Header: json, Body: []byte(`{"tasks":[{"type":"echo","idempotency_key":"k"}]}`),
		Status: 202, AnswerHeader: json, Answer: []byte(`{"tasks":[]}`),
	}
	for _, good := range []exchange.Exchange{queues, refusal, unlisted, events, batch} {
		if err := c.Check(&good); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range []struct {
		why  string
		from exchange.Exchange
		in   func(*exchange.Exchange)
	}{
		{"a field that is not named", queues, replace(`"paused":false`, `"paused":false,"colour":"red"`)},
		{"a field that is missing", queues, replace(`"paused":false,`, ``)},
		{"a field of another type", queues, replace(`"queued":1`, `"queued":"1"`)},
		{"a count below nothing", queues, replace(`"queued":1`, `"queued":-1`)},
		{"another content type", queues, func(e *exchange.Exchange) { e.AnswerHeader = http.Header{"Content-Type": {"text/plain"}} }},
		{"a status that is not listed", queues, func(e *exchange.Exchange) { e.Status = 201 }},
		{"a 503 without Retry-After", refusal, func(e *exchange.Exchange) { e.Status, e.URL = 503, "/v1/queues" }},
		{"a code that nobody knows", refusal, replace("invalid_request\"}", "invalid\"}")},
		{"a request that is taken and not allowed", queues, func(e *exchange.Exchange) { e.URL = "/v1/queues?x=1" }},
		{"a request that is allowed and refused", refusal, func(e *exchange.Exchange) { e.URL = "/v1/queues" }},
		{"a call that is not in the file", queues, func(e *exchange.Exchange) { e.URL = "/v1/secrets" }},
		{"a method that is not in the file", queues, func(e *exchange.Exchange) { e.Method = "DELETE" }},
		{"an error that is no problem", unlisted, func(e *exchange.Exchange) { e.Answer = []byte("404 page not found") }},
		{"an event without a place", events, replace(`"seq":5,`, ``)},
		{"an event of no kind", events, replace(`task.failed`, `task.started`)},
		{"an event that says more", events, replace(`"run":1`, `"run":1,"walk":2`)},
		{"a gap without a reason", events, replace(`"why":"epoch",`, ``)},
		{"a cursor that is none", events, replace(`"cursor":"e:4"`, `"cursor":"4"`)},
		{"a position that is none", events, func(e *exchange.Exchange) { e.URL = "/v1/events?after=5" }},
		{"a batch of nothing", batch, func(e *exchange.Exchange) { e.Body = []byte(`{"tasks":[]}`) }},
		{"a task of a batch with a field too many", batch, func(e *exchange.Exchange) { e.Body = []byte(`{"tasks":[{"type":"a","x":1}]}`) }},
		{"a batch that is refused and allowed", batch, func(e *exchange.Exchange) {
			e.Status, e.AnswerHeader, e.Answer = 400, problem, refusal.Answer
		}},
		{"a log in JSON", queues, func(e *exchange.Exchange) { e.URL = "/v1/tasks/0190/log" }},
		{"half a problem", unlisted, replace(`"title":"t",`, ``)},
	} {
		t.Run(b.why, func(t *testing.T) {
			e := b.from
			b.in(&e)
			if err := c.Check(&e); err == nil {
				t.Errorf("it is not found: %s %s, %d %s", e.Method, e.URL, e.Status, e.Answer)
			}
		})
	}
}

// replace changes an answer's body.
func replace(from, to string) func(*exchange.Exchange) {
	return func(e *exchange.Exchange) { e.Answer = []byte(strings.Replace(string(e.Answer), from, to, 1)) }
}

func TestATransportReportsWhatBreaksTheContract(t *testing.T) {
	var reports []string
	transport := load(t).Transport(answering(`{"nodes":[],"colour":"red"}`), func(err error) { reports = append(reports, err.Error()) })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1:8080/v1/nodes", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if !slices.ContainsFunc(reports, func(s string) bool { return strings.Contains(s, "colour") }) {
		t.Errorf("the reports are %q", reports)
	}
	if body := fmt.Sprint(resp.ContentLength, resp.StatusCode); body != "27 200" {
		t.Errorf("the answer is changed on its way: %s", body)
	}
}

// answering is a server that has one answer.
type answering string

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(string(a))), ContentLength: int64(len(a)),
	}, nil
}
