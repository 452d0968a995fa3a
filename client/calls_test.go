package client

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lastcall-dev/lastcall"
)

// Each call goes where the contract says, and reads what comes back.
func TestCallsAreThoseOfTheContract(t *testing.T) {
	const task = `{"id":"a/b","type":"echo","status":"running","done":false,"node":null,"urls":{"self":"/v1/tasks/7"}}`
	const queues = `{"queues":[{"queue":"q","queued":2,"scheduled":0,"running":1,"paused":true,"oldest_queued_age_ms":5}],` +
		`"totals":{"queued":2,"scheduled":0,"running":1}}`
	for _, tt := range []struct {
		want   string // method and address
		answer string
		do     func(c *Client) (any, error)
		got    string // as JSON
	}{
		{"GET /v1/tasks/a%2Fb", task, func(c *Client) (any, error) { v, err := c.Task(t.Context(), "a/b"); return v.ID, err }, `"a/b"`},
		{"POST /v1/tasks/7/cancel", task, func(c *Client) (any, error) { v, err := c.Cancel(t.Context(), "7"); return v.Status, err }, `"running"`},
		{"POST /v1/tasks/7/retry", task, func(c *Client) (any, error) { v, err := c.Retry(t.Context(), "7"); return v.Type, err }, `"echo"`},
		{"DELETE /v1/tasks/7", "", func(c *Client) (any, error) { return nil, c.Delete(t.Context(), "7") }, `null`},
		{"GET /v1/tasks/7/log", "line\n", func(c *Client) (any, error) { v, err := c.Log(t.Context(), "7"); return string(v), err }, `"line\n"`},
		{"POST /v1/queues/a%20b/pause", "{}", func(c *Client) (any, error) { return nil, c.Pause(t.Context(), "a b") }, `null`},
		{"POST /v1/queues/q/resume", "{}", func(c *Client) (any, error) { return nil, c.Resume(t.Context(), "q") }, `null`},
		{"GET /v1/queues", queues, func(c *Client) (any, error) { return c.Queues(t.Context()) }, queues},
		{
			"GET /v1/nodes", `{"nodes":[{"node":"a","alive":true}]}`,
			func(c *Client) (any, error) { v, err := c.Nodes(t.Context()); return v[0].Name, err }, `"a"`,
		},
		{"GET /v1/drain", `{"phase":"ready"}`, func(c *Client) (any, error) { v, err := c.Drain(t.Context()); return v.Phase, err }, `"ready"`},
		{
			"POST /v1/drain", `{"phase":"finish"}`,
			func(c *Client) (any, error) { v, err := c.StartDrain(t.Context()); return v.Phase, err }, `"finish"`,
		},
	} {
		c, s := play(t, nil, says(http.StatusOK, tt.answer))
		got, err := tt.do(c)
		if err != nil {
			t.Errorf("%s: %v", tt.want, err)
			continue
		}
		if sent := s.all()[0]; sent.method+" "+sent.uri != tt.want {
			t.Errorf("sent %s %s, want %s", sent.method, sent.uri, tt.want)
		}
		if text, _ := json.Marshal(got); string(text) != tt.got {
			t.Errorf("%s: %s, want %s", tt.want, text, tt.got)
		}
	}
}

func TestTheListGoesThroughAllPages(t *testing.T) {
	c, s := play(t, nil,
		says(200, `{"tasks":[{"id":"3"},{"id":"2"}],"next":"n1"}`), says(200, `{"tasks":[],"next":"n2"}`),
		says(200, `{"tasks":[{"id":"1"}],"next":null}`))
	var ids []string
	f := lastcall.Filter{
		Status: []lastcall.Status{lastcall.Queued, lastcall.Running}, Type: "t", Queue: "q", Client: "alice",
		Labels: map[string]string{"k": "v"}, Limit: 2,
	}
	for task, err := range c.Tasks(t.Context(), f) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, task.ID)
	}
	if diff := cmp.Diff([]string{"3", "2", "1"}, ids); diff != "" {
		t.Error(diff)
	}
	const query = "label.k=v&limit=2&queue=q&status=queued%2Crunning&type=t"
	for i, want := range []string{"client=alice&" + query, "client=alice&cursor=n1&" + query, "client=alice&cursor=n2&" + query} {
		if got := s.all()[i].uri; got != "/v1/tasks?"+want {
			t.Errorf("page %d: %s", i, got)
		}
	}
	for range c.Tasks(t.Context(), lastcall.Filter{}) {
		break // a loop that is left asks for nothing more
	}
	c, _ = play(t, nil, refuses(lastcall.CodeInvalidRequest, ""))
	for _, err := range c.Tasks(t.Context(), lastcall.Filter{}) {
		if lastcall.CodeOf(err) != lastcall.CodeInvalidRequest {
			t.Errorf("a page that is refused: %v", err)
		}
	}
}

func TestABatchHasAKeyForEachItem(t *testing.T) {
	c, s := play(t, nil, breaks, says(202, `{"tasks":[{"id":"1"},{"id":"2"}]}`))
	tasks, err := c.SubmitBatch(t.Context(), []lastcall.Submission{{Type: "a", Idempotency: &lastcall.IdempotencyKey{Key: "k"}}, {Type: "b"}})
	if err != nil || len(tasks) != 2 || tasks[1].ID != "2" {
		t.Fatalf("submit batch: %v, %v", tasks, err)
	}
	var sent struct {
		Tasks []wireSubmission `json:"tasks"`
	}
	if err := json.Unmarshal([]byte(s.all()[0].body), &sent); err != nil {
		t.Fatal(err)
	}
	if sent.Tasks[0].IdempotencyKey != "k" || sent.Tasks[1].IdempotencyKey == "" || s.all()[0].body != s.all()[1].body {
		t.Errorf("sent %s, then %s", s.all()[0].body, s.all()[1].body)
	}
}

// Wait outlives a server that goes away for longer than any patience, and does not outlive a task that is not there.
func TestWaitOutlivesRestarts(t *testing.T) {
	c, s := play(t, []Option{WithPatience(0)}, says(200, `{"id":"7","status":"queued"}`), breaks, says(502, ""), refuses(lastcall.CodeDraining, ""),
		says(200, `{"id":"7","status":"running"}`), says(200, `{"id":"7","status":"succeeded","output":1}`))
	got, err := c.Wait(t.Context(), "7")
	if err != nil || got.Status != lastcall.Succeeded {
		t.Fatalf("wait: %v, %v", got.Status, err)
	}
	if uri := s.all()[1].uri; uri != "/v1/tasks/7?wait=30s" {
		t.Errorf("asked %s", uri)
	}
	c, _ = play(t, nil, refuses(lastcall.CodeNotFound, "there is no task with this id"))
	if _, err := c.Wait(t.Context(), "7"); lastcall.CodeOf(err) != lastcall.CodeNotFound {
		t.Errorf("a task that is not there: %v", err)
	}
}

func TestFollowTellsOnlyWhatHasChanged(t *testing.T) {
	running := `{"id":"7","status":"running","progress":{"percent":50,"at":"2026-01-02T03:04:05Z"}}`
	c, _ := play(t, nil, says(200, `{"id":"7","status":"queued"}`), says(200, running), says(200, running+" "),
		says(200, `{"id":"7","status":"failed"}`))
	var told []lastcall.Status
	for task, err := range c.Follow(t.Context(), "7", time.Millisecond) {
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, task.Status)
	}
	if diff := cmp.Diff([]lastcall.Status{lastcall.Queued, lastcall.Running, lastcall.Failed}, told); diff != "" {
		t.Error(diff)
	}
	for range c.Follow(t.Context(), "7", time.Millisecond) {
		break
	}
}

func TestASubmissionReadsAsItIsWritten(t *testing.T) {
	const text = `{"type":"render","input":{"a":1},"queue":"slow","client":"alice","priority":-3,"run_at":"2026-01-02T03:04:05Z",` +
		`"delay":"30s","max_attempts":2,"timeout":"5m0s","expires_in":"1h0m0s","labels":{"k":"v"},"idempotency_key":"key"}`
	s, err := ParseSubmission([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	w, err := toWire(&s)
	if err != nil {
		t.Fatal(err)
	}
	w.IdempotencyKey = keyOf(&s)
	if got, _ := json.Marshal(w); string(got) != text {
		t.Errorf("%s\nbecame\n%s", text, got)
	}
	for _, bad := range []string{``, `[]`, `{"type":1}`, `{"typ":"x"}`, `{"delay":"soon"}`, `{"type":"x"} {}`, `{"run_at":"now"}`} {
		if _, err := ParseSubmission([]byte(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	c := quick(t, "http://127.0.0.1:1")
	if _, err := c.Submit(t.Context(), lastcall.Submission{Type: "x", RetryOf: "7"}); err == nil {
		t.Error("what the wire cannot say was left out in silence")
	}
	if _, err := c.SubmitBatch(t.Context(), []lastcall.Submission{{RetryOf: "7"}}); err == nil {
		t.Error("what the wire cannot say was left out in silence")
	}
}
