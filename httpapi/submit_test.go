package httpapi

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lastcall-dev/lastcall"
)

func TestASubmitIsAnsweredWithTheTaskAndItsAddress(t *testing.T) {
	f := setUp(t)
	a := f.ask("POST", "/v1/tasks", `{"type":"echo","input":{"a": [1, 2]}}`).wants(http.StatusAccepted)
	task := a.task()
	if got, want := a.header.Get("Location"), "/v1/tasks/"+task.ID; got != want {
		t.Errorf("Location %q, want %q", got, want)
	}
	if task.Queue != "default" || task.Client != "anonymous" || task.MaxAttempts != 5 || task.Status != lastcall.Queued {
		t.Errorf("the defaults are not those of the contract: %+v", task)
	}
	if string(task.Input) != `{"a":[1,2]}` {
		t.Errorf("input %s", task.Input)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Connection": "",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestEveryFieldOfASubmitArrives(t *testing.T) {
	f := setUp(t)
	task := f.submit(`{"type":"echo","input":[],"queue":"q","client":"alice","priority":-7,"delay":"90s","max_attempts":3.0e0,
		"timeout":"5m","expires_in":"1h","labels":{"k":"v","ü":"ö"}}`)
	got := f.store.tasks[0]
	if got.Timeout != 5*time.Minute {
		t.Errorf("timeout %s", got.Timeout)
	}
	if task.Queue != "q" || task.Client != "alice" || task.Priority != -7 || task.MaxAttempts != 3 ||
		task.Labels["k"] != "v" || task.Labels["ü"] != "ö" || task.Status != lastcall.Scheduled {
		t.Errorf("got %+v", task)
	}
	if task.RunAt.Sub(task.CreatedAt) != 90*time.Second || task.ExpiresAt.Sub(task.CreatedAt) != time.Hour {
		t.Errorf("created %s, due %s, expires %s", task.CreatedAt, task.RunAt, task.ExpiresAt)
	}
	due := time.Now().Add(time.Hour).Truncate(time.Second)
	body := `{"type":"echo","run_at":"` + due.In(time.FixedZone("", 3600)).Format(time.RFC3339) + `"}`
	if at := f.submit(body); !at.RunAt.Equal(due) || at.Status != lastcall.Scheduled {
		t.Errorf("%s: due %s and %s", body, at.RunAt, at.Status)
	}
	if past := f.submit(`{"type":"echo","run_at":"2006-01-02T03:04:05.5-07:00"}`); past.Status != lastcall.Queued {
		t.Errorf("a time in the past makes it %s", past.Status)
	}
}

func TestANullFieldIsAsGoodAsAbsent(t *testing.T) {
	f := setUp(t)
	task := f.submit(`{"type":"echo","input":null,"queue":null,"client":null,"priority":null,"run_at":null,"delay":null,
		"max_attempts":null,"timeout":null,"expires_in":null,"labels":null,"webhook":null}`)
	if task.Queue != "default" || task.Client != "anonymous" || task.MaxAttempts != 5 || string(task.Input) != "null" {
		t.Errorf("got %+v", task)
	}
}

func TestASubmitTakesWhatItsTypeSays(t *testing.T) {
	f := setUp(t)
	if task := f.submit(`{"type":"slow"}`); task.Queue != "slow-queue" || task.MaxAttempts != 2 {
		t.Errorf("the type's queue and attempts are not used: %+v", task)
	}
	if task := f.submit(`{"type":"slow","queue":"mine","max_attempts":9}`); task.Queue != "mine" || task.MaxAttempts != 9 {
		t.Errorf("the type overrules the client: %+v", task)
	}
}

func TestATypeOfAnotherNodeIsTakenAndOneOfNobodyIsNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t)
		f.ask("POST", "/v1/tasks", `{"type":"video"}`).refused(lastcall.CodeUnknownType)
		f.store.nodes = []lastcall.Node{{Name: "pod-b", Types: []string{"video"}}}
		f.ask("POST", "/v1/tasks", `{"type":"video"}`).refused(lastcall.CodeUnknownType)
		if n := f.store.count("nodes"); n != 1 {
			t.Errorf("two submits of nonsense made the store list its nodes %d times", n)
		}
		time.Sleep(believeUnseen)
		f.submit(`{"type":"video"}`)
		for range 100 {
			f.submit(`{"type":"video"}`)
		}
		if n := f.store.count("nodes"); n != 2 {
			t.Errorf("the nodes were listed %d times, want 2", n)
		}
		f.store.breaks(lastcall.Errorf(lastcall.CodeStoreUnavailable, "away"))
		time.Sleep(believeSeen)
		f.ask("POST", "/v1/tasks", `{"type":"video"}`).refused(lastcall.CodeStoreUnavailable)
	})
}

func TestWhoAsksIsWhoseTaskItIs(t *testing.T) {
	f := setUp(t)
	for _, c := range []struct{ target, header, body, want string }{
		{"/v1/tasks", "", `{"type":"echo"}`, "anonymous"},
		{"/v1/tasks?client=alice", "", `{"type":"echo"}`, "alice"},
		{"/v1/tasks", "alice", `{"type":"echo"}`, "alice"},
		{"/v1/tasks?client=alice", "alice", `{"type":"echo"}`, "alice"},
		{"/v1/tasks?client=alice", "", `{"type":"echo","client":"bob"}`, "bob"},
	} {
		var headers []string
		if c.header != "" {
			headers = append(headers, "Lastcall-Client: "+c.header)
		}
		if task := f.ask("POST", c.target, c.body, headers...).wants(http.StatusAccepted).task(); task.Client != c.want {
			t.Errorf("%+v: client %q", c, task.Client)
		}
	}
}

func TestTheSameKeyGivesTheFirstTaskAgain(t *testing.T) {
	f := setUp(t)
	const key = "Idempotency-Key: k-1"
	const body = `{"type":"echo","input":{"a":1,"b":[1.5,10000000000000000001],"c":10000000},"timeout":"60s"}`
	first := f.ask("POST", "/v1/tasks", body, key).wants(http.StatusAccepted)
	if first.header.Get("Idempotency-Replayed") != "" {
		t.Error("the first submit is called a replay")
	}
	for _, same := range []string{
		body,
		` { "timeout" : "1m", "input" : { "c":1e7, "b":[15e-1, 10000000000000000001], "\u0061" : 1.0 },
			"type":"echo", "labels": null, "priority":0 } `,
	} {
		a := f.ask("POST", "/v1/tasks", same, key).wants(http.StatusAccepted)
		if a.task().ID != first.task().ID || a.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s: not the first task again, or not called a replay: %s", same, a.body)
		}
		if a.header.Get("Location") != first.header.Get("Location") {
			t.Errorf("the replay is at %s", a.header.Get("Location"))
		}
	}
	for _, other := range []string{
		`{"type":"echo","input":{"a":1,"b":[1.5,10000000000000000002],"c":10000000},"timeout":"60s"}`,
		`{"type":"echo","input":{"a":"1","b":[1.5,10000000000000000001],"c":10000000},"timeout":"60s"}`,
		`{"type":"echo","timeout":"60s"}`,
		strings.Replace(body, "echo", "slow", 1),
		strings.Replace(body, "{", `{"client":"bob",`, 1),
	} {
		f.ask("POST", "/v1/tasks", other, key).refused(lastcall.CodeIdempotencyMismatch)
	}
	if of := f.submit(`{"type":"slow"}`, key, "Lastcall-Client: bob"); of.ID == first.task().ID {
		t.Error("two callers share a key")
	}
}

func TestAnIdempotentSubmitOfADoneTaskIsAnsweredAsASubmit(t *testing.T) {
	f := setUp(t)
	id := f.submit(`{"type":"echo"}`, "Idempotency-Key: k").ID
	f.store.change(id, false, succeed)
	if task := f.submit(`{"type":"echo"}`, "Idempotency-Key: k"); !task.Status.Done() {
		t.Errorf("the replay shows the task as it was: %s", task.Status)
	}
	a := f.ask("POST", "/v1/tasks", `{"type":"echo"}`, "Idempotency-Key: k", "Prefer: wait=1").wants(http.StatusOK)
	if a.header.Get("Idempotency-Replayed") != "true" || a.header.Get("Preference-Applied") != "wait=1" {
		t.Errorf("headers %v", a.header)
	}
}

// G10: what is refused leaves nothing behind.
func TestANodeThatStopsAloneRefusesNewTasksAndGoesOnReading(t *testing.T) {
	f := setUp(t)
	id := f.submit(`{"type":"echo"}`, "Idempotency-Key: k").ID
	f.drain.Start("SIGTERM")
	f.drain.refusing.Store(true)
	for _, headers := range [][]string{nil, {"Idempotency-Key: k"}} {
		a := f.ask("POST", "/v1/tasks", `{"type":"echo"}`, headers...)
		a.refused(lastcall.CodeDraining)
		if a.header.Get("Connection") != "close" {
			t.Error("a node that stops keeps the connection")
		}
	}
	if n := f.drain.refused.Load(); n != 2 {
		t.Errorf("%d refusals were counted, want 2", n)
	}
	if n := len(f.store.tasks); n != 1 {
		t.Errorf("there are %d tasks, want 1", n)
	}
	if a := f.ask("GET", "/v1/tasks/"+id, "").wants(http.StatusOK); a.header.Get("Connection") != "close" {
		t.Error("a read on a node that stops keeps the connection")
	}
	f.ask("POST", "/v1/tasks/"+id+"/cancel", "").wants(http.StatusOK)
}

func TestAStoreThatFailsIsAnsweredWithoutItsWords(t *testing.T) {
	f := setUp(t)
	for _, err := range []error{
		errors.New("secret: disk sda1 is on fire"),
		&lastcall.Error{Code: lastcall.CodeInternal, Detail: "secret: disk sda1 is on fire"},
		&lastcall.Error{Code: "secret", Detail: "disk sda1 is on fire"},
	} {
		f.store.breaks(err)
		a := f.ask("POST", "/v1/tasks", `{"type":"echo"}`)
		a.refused(lastcall.CodeInternal)
		if strings.Contains(a.body, "secret") || strings.Contains(a.body, "sda1") || !strings.Contains(f.log.String(), "sda1") {
			t.Errorf("the answer is %s, the log %s", a.body, f.log)
		}
	}
	f.store.breaks(&lastcall.Error{Code: lastcall.CodeStoreUnavailable, RetryAfter: 2100 * time.Millisecond, Err: errors.New("secret")})
	a := f.ask("POST", "/v1/tasks", `{"type":"echo"}`)
	a.refused(lastcall.CodeStoreUnavailable)
	if a.header.Get("Retry-After") != "3" || strings.Contains(a.body, "secret") {
		t.Errorf("Retry-After %q: %s", a.header.Get("Retry-After"), a.body)
	}
}
